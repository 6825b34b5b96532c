"""A script writes the form; without it there is none."""

from desk import FORM, desk

app = desk(f"<div id='app'></div><script>document.querySelector('#app').innerHTML = `{FORM}`</script>")
