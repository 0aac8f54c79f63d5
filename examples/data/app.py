"""Numbers over HTTP: statistics of time series, linear algebra, curve fitting."""

import io
import os
import urllib.error
from http import HTTPStatus

import numpy as np
import pandas as pd
from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

LARGEST_SYSTEM = 500  # unknowns
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 8 * 1024 * 1024


def read_series(source) -> pd.DataFrame:
    """A table with the columns time (with UTC offset), zone and value; 400 if it is not one."""
    try:
        table = pd.read_csv(source, usecols=["time", "zone", "value"])
        table["time"] = pd.to_datetime(table["time"], utc=True, format="ISO8601")
        table["value"] = table["value"].astype(float)
    except ValueError as error:
        abort(400, str(error))
    return table


def daily_means(table: pd.DataFrame) -> pd.DataFrame:
    """The mean of each local day: a day ends when the clocks of its zone say so."""
    frames = []
    for zone, rows in table.groupby("zone"):
        try:
            local = rows.set_index("time")["value"].tz_convert(zone)
        except (KeyError, ValueError, OSError):
            abort(400, f"There is no time zone {zone}.")
        means = local.resample("D").agg(["mean", "count"])
        frames.append(means.assign(zone=zone).reset_index(names="day"))
    result = pd.concat(frames, ignore_index=True)
    result["day"] = result["day"].map(lambda day: day.isoformat())
    return result[["zone", "day", "mean", "count"]]


def numbers(document: dict, key: str, dimensions: int) -> np.ndarray:
    """The array under `key` of a request, or an answer 400 that says what is wrong."""
    try:
        array = np.asarray(document[key], dtype=float)
    except (KeyError, TypeError, ValueError):
        abort(400, f"{key} must be an array of numbers.")
    if array.ndim != dimensions or array.size == 0 or len(array) > LARGEST_SYSTEM:
        abort(400, f"{key} must have {dimensions} dimension(s) of 1 to {LARGEST_SYSTEM} numbers.")
    return array


@app.post("/daily")
def daily():
    """CSV in, CSV out."""
    table = daily_means(read_series(io.BytesIO(request.get_data())))
    return Response(table.to_csv(index=False), mimetype="text/csv")


@app.get("/remote")
def remote():
    """The same for the file at ``DATA_URL``, as JSON."""
    url = os.environ.get("DATA_URL")
    if not url:
        abort(503, "DATA_URL is not set.")
    try:
        table = read_series(url)
    except (urllib.error.URLError, TimeoutError) as error:
        app.logger.warning("data: %s", error)
        abort(502, "The data could not be fetched.")
    return jsonify(daily_means(table).to_dict(orient="records"))


@app.post("/solve")
def solve():
    """``matrix · x = vector``, with the condition number and eigenvalues of the matrix."""
    document = request.get_json()
    matrix, vector = numbers(document, "matrix", 2), numbers(document, "vector", 1)
    if matrix.shape != (len(vector), len(vector)):
        abort(400, "The matrix must be square and as large as the vector.")
    try:
        solution = np.linalg.solve(matrix, vector)
    except np.linalg.LinAlgError:
        abort(422, "The matrix is singular.")
    values = np.linalg.eigvals(matrix)
    order = np.lexsort((values.imag, values.real))
    return jsonify(
        solution=solution.tolist(),
        condition=float(np.linalg.cond(matrix)),
        eigenvalues=[[float(v.real), float(v.imag)] for v in values[order]],
    )


@app.post("/fit")
def fit():
    """The polynomial that fits the points best, lowest power first."""
    document = request.get_json()
    x, y = numbers(document, "x", 1), numbers(document, "y", 1)
    degree = document.get("degree", 1)
    if len(x) != len(y) or not isinstance(degree, int) or not 0 <= degree < len(x):
        abort(400, "There must be as many x as y, and more of them than the degree.")
    polynomial = np.polynomial.Polynomial.fit(x, y, degree)
    rest = y - polynomial(x)
    return jsonify(coefficients=polynomial.convert().coef.tolist(), error=float(rest.std()))


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.errorhandler(HTTPException)
def problem(error):
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return jsonify(status=code, title=error.name, detail=error.description), code
