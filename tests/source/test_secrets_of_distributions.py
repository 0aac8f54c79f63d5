"""Well-known source distributions, tests and all, as if they were applications: no false alarm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from distil.events import Event, Warned, listening
from distil.model.spec import Spec
from distil.source.errors import SecretsFound
from distil.source.scan import scan
from distil.source.secret_search import without_secrets
from tests.support.sdists import unpack_sdist

DISTRIBUTIONS = dict(
    line.split()
    for line in """\
acme 5.9.0
aiohttp 3.14.5
aiosmtpd 1.4.6
ansible-core 2.21.5
anthropic 2.14.0
anyio 4.16.0
asyncssh 2.24.1
authlib 1.9.10
azure-core 1.41.0
azure-identity 1.27.0
azure-storage-blob 12.31.1
boto3 1.44.8
botocore 1.44.8
celery 5.7.0
certbot 5.8.0
cheroot 11.1.2
cherrypy 18.10.0
cryptography 50.0.2
databricks-sdk 0.162.0
detect-secrets 1.5.0
django 6.1.3
django-allauth 65.22.1
docker 7.2.0
dulwich 1.2.21
ecdsa 0.19.2
elasticsearch 9.5.1
eventlet 0.41.3
fabric 3.2.3
fastapi 0.165.0
flask 3.1.3
gcsfs 2026.10.1
gevent 26.9.0
google-api-core 2.44.0
google-auth 2.63.0
google-auth-oauthlib 1.5.0
google-cloud-storage 3.17.1
grpcio 1.85.3
gunicorn 27.0.1
httpcore 1.0.9
httpx 0.28.1
huggingface-hub 2.4.0
hvac 2.4.0
itsdangerous 2.2.0
jinja2 3.1.6
josepy 2.2.0
jwcrypto 1.6.1
keyring 25.7.0
kombu 5.7.0
kubernetes 37.0.2
localstack-client 2.12
moto 5.2.5
msal 1.39.0
numpy 2.5.5
oauthlib 4.0.1
openai 3.57.0
pandas 3.1.1
paramiko 5.1.0
pgpy 0.6.0
pillow 13.0.0
pip 26.3
psycopg 3.3.9
pycryptodome 4.4.0
pydantic 2.14.4
pygithub 2.10.0
pyjwt 2.15.1
pymongo 4.20.1
pymysql 1.2.4
pyopenssl 26.4.0
pytest 9.2.0
python-gitlab 8.6.0
python-gnupg 0.5.7
python-jose 3.5.0
pyyaml 6.0.4
redis 8.1.0
requests 2.34.2
requests-oauthlib 2.0.0
rsa 4.9.1
s3fs 2026.9.0
scrapy 2.19.0
sendgrid 6.12.5
sentry-sdk 2.75.0
service-identity 26.1.0
setuptools 84.2.1
slack-sdk 3.48.0
snowflake-connector-python 5.2.0
social-auth-core 7.0.0
sqlalchemy 2.1.9
starlette 1.10.0
streamlit 1.67.0
stripe 16.1.0
tornado 6.6.1
transformers 5.24.0
trio 0.35.0
trustme 1.2.1
twilio 9.13.0
twisted 26.10.0
urllib3 2.8.0
uvicorn 0.54.0
websockets 17.4
werkzeug 3.1.9
""".splitlines()
)
"""By name; the version in which they were looked at."""

REFUSED = {
    "gevent": "src/greentest/3.10/",
    "moto": "moto/moto_proxy/ca.key:1: a private key",
    "urllib3": "dummyserver/certs/cacert.key:1: a private key",
}
"""Real private keys that are not in tests by the names of their directories."""

BY_NAME = {
    "aiohttp": ["vendor/llhttp/.npmrc"],
    "ansible-core": ["test/integration/targets/user/files/skel/.ssh"],
    "django-allauth": [".envrc"],
    "flask": ["tests/test_apps/.env"],
    "pygithub": [".claude"],
    "python-gitlab": ["tests/functional/fixtures/.env"],
}

ALWAYS = ("pyjwt",)
THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")


@pytest.mark.network
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ALWAYS else (pytest.mark.thorough, THOROUGH))
        for name in DISTRIBUTIONS
    ],
)
def test_no_false_alarm(name: str, tmp_path: Path) -> None:
    top = unpack_sdist(name, DISTRIBUTIONS[name], "3.13", tmp_path / "sdist")
    heard: list[Event] = []
    with listening(heard.append):
        sources = scan(top, Spec())
        if name in REFUSED:
            with pytest.raises(SecretsFound, match=REFUSED[name]):
                without_secrets(sources, Spec(), packaged=False)
        else:
            without_secrets(sources, Spec(), packaged=False)
    assert [event for event in heard if isinstance(event, Warned)] == []
    assert [left.path for left in sources.left_out if left.secret] == BY_NAME.get(name, [])
