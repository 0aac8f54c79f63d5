from flask import Flask, jsonify, render_template_string, session

app = Flask(__name__)
app.secret_key = "secret"


@app.get("/")
def index():
    session["seen"] = True
    return render_template_string("{% for x in y %}{{ x|upper }}{% endfor %}", y=["a", "<b>"])


@app.get("/json")
def as_json():
    return jsonify(a=1)


@app.get("/broken")
def broken():
    raise ValueError
