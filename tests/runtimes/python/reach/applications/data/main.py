"""numpy and pandas: linear algebra, random numbers, files, times in zones, pickles."""

import io
import pickle

import numpy as np
import pandas as pd

if __name__ == "__main__":
    assert np.allclose(np.linalg.solve(np.eye(2), np.ones(2)), 1)
    np.random.default_rng(1).normal(size=3)
    np.fft.fft(np.ones(4))
    np.polynomial.Polynomial.fit([0, 1, 2], [1, 2, 3], 1)
    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones(2))
    buffer.seek(0)
    np.load(buffer)["a"]
    pickle.loads(pickle.dumps(np.ones(2)))
    table = pd.read_csv(io.StringIO("time,x\n2024-01-01T00:00:00Z,1\n2024-01-02T00:00:00Z,2"))
    table["time"] = pd.to_datetime(table["time"], utc=True).dt.tz_convert("Europe/Berlin")
    table.set_index("time")["x"].resample("D").mean()
    table.groupby("x").agg(["count"])
    table.to_csv()
    table.to_json(date_format="iso")
    pickle.loads(pickle.dumps(table))
    pd.Series(pd.Categorical(["a", "b"])).describe()
    pd.date_range("2024-01-01", periods=3, freq="MS")
    str(table.to_string())
