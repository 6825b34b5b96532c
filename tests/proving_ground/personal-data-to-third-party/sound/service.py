"""Sign-in that is watched, where what the script counts is who left a field empty, and stays in the service."""

from fastapi.responses import HTMLResponse
from ground import hall, page

app = hall()

FORM = """<form method="post"><label>E-mail <input name="email" type="email"></label>
<label>Role <input name="role"></label><button>Go</button></form>
<script>
const email = document.querySelector('[name=email]');
email.addEventListener('change', () => {
  navigator.sendBeacon('/collect', JSON.stringify({ page: location.pathname, empty: email.value === '' }));
});
</script>"""


@app.get("/sign-in")
async def sign_in_page() -> HTMLResponse:
    answer = page("Sign in", FORM)
    answer.headers["Content-Security-Policy"] = "default-src 'self' 'unsafe-inline'"
    return answer


@app.post("/collect", status_code=204)
async def collect() -> None:
    """Somebody changed the field."""
