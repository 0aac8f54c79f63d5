"""Keys, certificates, tokens, and calls to another service by three HTTP clients."""

import asyncio
import base64
import datetime
import json
import os
import signal
import ssl
import urllib.request

import argon2
import httpx
import jwt
import requests
import tornado.httpclient
import tornado.locale
import tornado.web
import tornado.websocket
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, hmac, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import NameOID

SECRET = os.environ.get("SECRET", "for tests only, but long enough for HS512, which wants 64 bytes")
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS = {"HS256": SECRET, "RS256": RSA, "PS256": RSA, "ES256": EC, "EdDSA": ED}


class Base(tornado.web.RequestHandler):
    def write_error(self, status_code, **kwargs):
        reason = kwargs["exc_info"][1] if "exc_info" in kwargs else self._reason
        self.finish({"status": status_code, "reason": str(reason)})


class Health(Base):
    def get(self):
        self.write("ok")


class Token(Base):
    def post(self, algorithm):
        claims = json.loads(self.request.body)
        claims["exp"] = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
        self.write({"token": jwt.encode(claims, KEYS[algorithm], algorithm)})

    def get(self, algorithm):
        key = KEYS[algorithm]
        public = key if isinstance(key, str) else key.public_key()
        try:
            self.write(jwt.decode(self.get_argument("token"), public, [algorithm]))
        except jwt.InvalidTokenError as error:
            raise tornado.web.HTTPError(401, reason=type(error).__name__) from error


class Password(Base):
    def post(self):
        hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8192)
        self.write({"ok": hasher.verify(hasher.hash(self.request.body), self.request.body)})


class Crypto(Base):
    def get(self, what):
        self.write({what: getattr(self, what)()})

    def fernet(self):
        box = Fernet(Fernet.generate_key())
        try:
            box.decrypt(b"gAAAA")
        except InvalidToken:
            return box.decrypt(box.encrypt(b"text")).decode()

    def ciphers(self):
        found = {}
        for mode in (modes.CBC(bytes(16)), modes.CTR(bytes(16))):
            encryptor = Cipher(algorithms.AES(bytes(32)), mode).encryptor()
            padder = padding.PKCS7(128).padder()
            data = padder.update(b"secret") + padder.finalize()
            found[mode.name] = (encryptor.update(data) + encryptor.finalize()).hex()
        for kind in (aead.AESGCM, aead.ChaCha20Poly1305):
            box = kind(bytes(32))
            sealed = box.encrypt(bytes(12), b"secret", None)
            try:
                box.decrypt(bytes(12), sealed[:-1] + b"x", None)
            except InvalidTag:
                found[kind.__name__] = box.decrypt(bytes(12), sealed, None).decode()
        return found

    def kdf(self):
        mac = hmac.HMAC(b"key", hashes.BLAKE2b(64))
        mac.update(b"data")
        return [
            HKDF(hashes.SHA3_256(), 16, None, b"x").derive(b"key").hex(),
            Scrypt(b"salt", 16, 2, 8, 1).derive(b"key").hex(),
            mac.finalize().hex()[:16],
        ]

    def exchange(self):
        one, other = x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
        return one.exchange(other.public_key()) == other.exchange(one.public_key())

    def certificate(self):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Zoë")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        builder = builder.public_key(EC.public_key()).serial_number(1)
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        names = x509.SubjectAlternativeName([x509.DNSName("site.example")])
        made = builder.add_extension(names, critical=False).sign(EC, hashes.SHA256())
        pem = made.public_bytes(serialization.Encoding.PEM)
        signed = pkcs7.PKCS7SignatureBuilder().set_data(b"data")
        signed = signed.add_signer(made, EC, hashes.SHA256())
        kept = pkcs12.serialize_key_and_certificates(
            b"one", EC, made, None, serialization.BestAvailableEncryption(b"secret")
        )
        return {
            "subject": x509.load_pem_x509_certificate(pem).subject.rfc4514_string(),
            "pkcs7": len(signed.sign(serialization.Encoding.DER, [])) > 100,
            "pkcs12": pkcs12.load_pkcs12(kept, b"secret").cert.friendly_name.decode(),
        }

    def ssh(self):
        text = ED.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.BestAvailableEncryption(b"secret"),
        )
        return type(serialization.load_ssh_private_key(text, b"secret")).__name__

    def rsa(self):
        pad = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        return RSA.decrypt(RSA.public_key().encrypt(b"text", pad), pad).decode()


class Upstream(Base):
    async def get(self, client):
        url = os.environ["UPSTREAM_URL"]
        self.write({"client": client, "text": await getattr(self, client)(url)})

    async def requests(self, url):
        context = os.environ["SSL_CERT_FILE"]
        with requests.Session() as session:
            return await asyncio.to_thread(lambda: session.get(url, verify=context).text)

    async def httpx(self, url):
        async with httpx.AsyncClient(http2=True, verify=ssl.create_default_context()) as client:
            return (await client.get(url)).text

    async def tornado(self, url):
        answer = await tornado.httpclient.AsyncHTTPClient().fetch(
            url, ca_certs=os.environ["SSL_CERT_FILE"]
        )
        return answer.body.decode()

    async def untrusted(self, url):
        try:
            return requests.get(url, verify=requests.certs.where(), timeout=5).text
        except requests.exceptions.SSLError:
            return "refused"

    async def urllib(self, url):
        return await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())


class Echo(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message(base64.b64encode(message.encode()).decode())


class Page(Base):
    def get(self):
        tornado.locale.load_translations(os.path.join(os.path.dirname(__file__), "locale"))
        self.render(
            "page.html", name=self.get_argument("name", "you"), locale=tornado.locale.get("de_DE")
        )


async def main():
    app = tornado.web.Application(
        [
            (r"/health", Health),
            (r"/token/(\w+)", Token),
            (r"/password", Password),
            (r"/crypto/(\w+)", Crypto),
            (r"/upstream/(\w+)", Upstream),
            (r"/echo", Echo),
            (r"/page", Page),
        ],
        template_path="templates",
        static_path="static",
        compress_response=True,
    )
    app.listen(8000, "0.0.0.0")
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    await done.wait()


asyncio.run(main())
