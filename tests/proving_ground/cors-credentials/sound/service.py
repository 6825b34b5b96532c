"""The service and the widget of its partner. Sound twin: one partner may read the answers."""

from fastapi.middleware.cors import CORSMiddleware
from ground import hall

app = hall()
app.add_middleware(
    CORSMiddleware, allow_origins=["https://partner.example"], allow_credentials=True, allow_methods=["GET"]
)
