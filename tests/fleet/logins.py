"""Who may do what at a broker: users, keys and signed claims, and certificates; each as the broker's configuration.

Owns the form of NATS' keys and claims. Must not know who logs in with them. Fails with `CalledProcessError` of openssl,
which makes every key and signature.
"""

import base64
import json
import subprocess
import time

# What NATS puts before a key, by whose it is.
KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, **options).stdout


def spelled(data):
    """Bytes with their check sum (CRC-16/XMODEM), in base 32."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return base64.b32encode(data + crc.to_bytes(2, "little")).decode().rstrip("=")


class Key:
    """An NKey: a pair of Ed25519 in the letters that NATS writes it in."""

    def __init__(self, folder, kind, name):
        self.file, prefix = folder / f"{name}.pem", KINDS[kind]
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.file)
        private = openssl("pkey", "-in", self.file, "-outform", "DER")[-32:]
        public = openssl("pkey", "-in", self.file, "-pubout", "-outform", "DER")[-32:]
        self.seed = spelled(bytes([SEED | prefix >> 5, (prefix & 31) << 3]) + private)
        self.public = spelled(bytes([prefix]) + public)

    def signed(self, subject, name, claims):
        """A claim about somebody, as a JSON Web Token."""
        def part(value):
            text = value if isinstance(value, bytes) else json.dumps(value).encode()
            return base64.urlsafe_b64encode(text).decode().rstrip("=")
        body = {"jti": name, "iat": int(time.time()) - 60, "iss": self.public, "name": name, "sub": subject,
                "nats": {**claims, "version": 2}}
        text = part({"typ": "JWT", "alg": "ed25519-nkey"}) + "." + part(body)
        content = self.file.with_suffix(".claim")
        content.write_text(text)
        return f"{text}.{part(openssl('pkeyutl', '-sign', '-rawin', '-inkey', self.file, '-in', content))}"


def claimed(folder, names):
    """A broker that believes an operator's signatures, and a credentials file for each of some users."""
    operator, account = Key(folder, "operator", "operator"), Key(folder, "account", "account")
    system = Key(folder, "account", "system")
    unlimited = {name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage",
                                       "disk_storage", "streams", "consumer")}
    whole = operator.signed(operator.public, "operator", {"type": "operator"})
    limits = {"type": "account", "limits": {**unlimited, "wildcards": True}}
    fleet = operator.signed(account.public, "fleet", limits)
    own = {name: 0 if "storage" in name else limit for name, limit in unlimited.items()}
    its_own = operator.signed(system.public, "system", {"type": "account", "limits": {**own, "wildcards": True}})
    for name, permissions in names.items():
        user = Key(folder, "user", name)
        token = account.signed(user.public, name, {"type": "user", "subs": -1, "data": -1, "payload": -1, **permissions})
        credentials = folder / f"{name}.creds"
        credentials.write_text(f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
                               f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n")
        credentials.chmod(0o600)
    return (f'operator: "{whole}"\nsystem_account: {system.public}\nresolver: MEMORY\n'
            f'resolver_preload: {{ {account.public}: "{fleet}", {system.public}: "{its_own}" }}')


def secret(path, text):
    """A file that only its owner may read."""
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    return path


def certificates(folder, address):
    """An authority and a certificate for one address; what the broker is told of it."""
    def new(name, *words):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key",
                *words)
    new("ca", "-x509", "-out", folder / "ca.pem", "-days", 2, "-subj", "/CN=test CA",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
    new("server", "-out", folder / "server.csr", "-subj", "/CN=nats")
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-days", 2, "-extfile", extensions, "-out", folder / "server.pem")
    return f'tls {{ cert_file: "{folder}/server.pem", key_file: "{folder}/server.key" }}'
