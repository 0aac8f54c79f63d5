"""cryptography and bcrypt: keys, a certificate, passwords, an error."""

import contextlib
import datetime

import bcrypt
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

if __name__ == "__main__":
    box = Fernet(Fernet.generate_key())
    assert box.decrypt(box.encrypt(b"x")) == b"x"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "x")])
    now = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("x")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    assert x509.load_pem_x509_certificate(pem).subject == name
    private = rsa.generate_private_key(65537, 2048)
    private.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
    with contextlib.suppress(ValueError):
        x509.load_pem_x509_certificate(b"x")
    assert bcrypt.checkpw(b"x", bcrypt.hashpw(b"x", bcrypt.gensalt(4)))
