"""Which distributions are imported whole in an image: of the most downloaded, many kinds."""

from __future__ import annotations

from tests.e2e.distributions.subject import Distribution

DISTRIBUTIONS = (
    # concurrency
    Distribution("gevent==26.9.0"),
    Distribution("eventlet==0.41.3"),
    Distribution("twisted==26.10.0"),
    Distribution("trio==0.35.0"),
    # numbers, tables, graphs
    Distribution("scipy==1.18.1"),
    Distribution("sympy==1.14.0"),
    Distribution("networkx==3.7"),
    Distribution("scikit-image==0.26.0", "skimage"),
    Distribution("scikit-learn==1.9.1", "sklearn"),
    Distribution("xarray==2026.9.0"),
    Distribution("dask==2026.8.0"),
    Distribution("pandas==3.1.1"),
    Distribution("polars==2.1.0"),
    Distribution("pyarrow==26.0.1"),
    # plots
    Distribution("plotly==7.1.0"),
    Distribution("matplotlib==3.11.2"),
    Distribution("bokeh==3.10.1"),
    Distribution("altair==6.3.0"),
    # clients of clouds and services
    Distribution("boto3==1.44.5"),
    Distribution("google-cloud-storage==3.17.1", "google.cloud.storage"),
    Distribution("azure-storage-blob==12.31.1", "azure.storage.blob"),
    Distribution("kubernetes==37.0.2"),
    Distribution("elasticsearch==9.5.1"),
    Distribution("openai==3.51.0"),
    Distribution("fsspec==2026.9.0"),
    # calls and telemetry
    Distribution("grpcio==1.85.1", "grpc"),
    Distribution("opentelemetry-api==1.45.2", "opentelemetry.trace"),
    Distribution("opentelemetry-sdk==1.45.2", "opentelemetry.sdk.trace"),
    Distribution("opentelemetry-exporter-otlp==1.45.2", "opentelemetry.exporter.otlp.version"),
    Distribution("sentry-sdk==2.75.0"),
    # databases
    Distribution("pymongo==4.20.0"),
    Distribution("asyncpg==0.32.0"),
    Distribution("psycopg2-binary==2.9.13", "psycopg2"),
    Distribution("redis==8.1.0"),
    Distribution("sqlalchemy==2.1.9"),
    Distribution("pymysql==1.2.4"),
    # web
    Distribution("pyramid==2.1"),
    Distribution("gradio==6.31.0"),
    Distribution("tornado==6.6.1"),
    Distribution("falcon==4.4.0"),
    Distribution("scrapy==2.19.0"),
    Distribution("dash==4.4.1"),
    Distribution("aiohttp==3.14.5"),
    # documents
    Distribution("reportlab==5.1.0"),
    Distribution("python-docx==1.2.0", "docx"),
    Distribution("openpyxl==3.1.5"),
    Distribution("pypdf==7.1.0"),
    Distribution("lxml==6.1.3"),
    Distribution("docutils==0.23"),
    # notebooks
    Distribution("ipython==9.18.1", "IPython"),
    Distribution("nbconvert==7.17.2"),
    Distribution("ipykernel==7.4.0"),
    # formatters, linters, tests
    Distribution("black==26.10.1"),
    Distribution("pylint==4.1.4"),
    Distribution("flake8==7.5.0"),
    Distribution("mypy==2.4.1"),
    Distribution("pytest==9.2.0"),
    Distribution("hypothesis==6.170.15"),
    Distribution("faker==40.54.0"),
    Distribution("jsonschema==4.26.0"),
    # queues
    Distribution("dramatiq==2.2.1"),
    Distribution("celery==5.7.0"),
    Distribution("pika==1.4.4"),
    Distribution("confluent-kafka==2.16.1", "confluent_kafka"),
    Distribution("aiokafka==0.14.0"),
    # maps
    Distribution("geopandas==1.2.0"),
    Distribution("rasterio==1.5.2"),
    Distribution("pyproj==3.8.0"),
    # language, remote machines
    Distribution("nltk==3.10.4"),
    Distribution("paramiko==5.1.0"),
)
