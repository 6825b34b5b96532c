"""The service and the widget of its partner. Planted: any site may read the answers, with the cookies."""

from fastapi.middleware.cors import CORSMiddleware
from ground import hall

app = hall()
app.add_middleware(CORSMiddleware, allow_origin_regex=".*", allow_credentials=True, allow_methods=["GET"])
