"""Checks an evidence pack without Officina and without a network: python3 verify.py [folder] [--key <fingerprint>] [--head <signed head>]

Python 3.9 or later, standard library only. Exit code: 0 all is well, 1 something is wrong and named, 2 it could not be checked.
"""

import base64
import hashlib
import json
import os
import re
import stat
import sys
from datetime import datetime

UNLISTED = ("manifest.json", "manifest.jws")
# What EMSA-PKCS1-v1_5 (RFC 8017, 9.2) puts before a SHA-256.
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
wrong = []


def shown(text):
    """Nothing that a file's name holds may steer a terminal."""
    return re.sub(r"[^\x20-\x7e\u00a0-\u024f]", "?", str(text))


def blame(where, what):
    wrong.append(f"{shown(where)}: {what}")


def sha(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
    return digest.hexdigest()


def raw(text):
    return bytes.fromhex(str(text).replace("-", ""))


def hash_file(path):
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def list_files(folder, below=""):
    """Every file below the folder, with / between names. What is neither file nor folder is wrong by itself."""
    found = []
    for name in sorted(os.listdir(os.path.join(folder, below))):
        path = f"{below}/{name}" if below else name
        mode = os.lstat(os.path.join(folder, path)).st_mode
        if stat.S_ISDIR(mode):
            found += list_files(folder, path)
        elif stat.S_ISREG(mode):
            found.append(path)
        else:
            blame(path, "is neither a file nor a folder")
    return found


def check_files(folder, manifest):
    listed = {}
    for file in manifest["files"]:
        if file["path"] in listed or file["path"] in UNLISTED:
            blame(file["path"], "is listed twice in manifest.json")
        listed[file["path"]] = file
    present = set(list_files(folder))
    for path in sorted(present):
        if path not in listed and path not in UNLISTED:
            blame(path, "is not part of the pack (not in manifest.json)")
    for path, file in listed.items():
        if path not in present:
            blame(path, "is missing")
            continue
        size, digest = hash_file(os.path.join(folder, path))
        if (size, digest) != (file["size"], file["sha256"]):
            said = f"the manifest says {shown(file['sha256'])}, {shown(file['size'])} bytes"
            blame(path, f"was changed (SHA-256 {digest}, {size} bytes; {said})")
    for document in manifest["documents"]:
        path = document["path"]
        if path is not None and listed.get(path, {}).get("sha256") != document["sha256"]:
            blame("manifest.json", f"document {shown(document['document_id'])} is not the file {shown(path)}")


def decode(part):
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    # Only one spelling of the same bytes is ours.
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise ValueError("is not written as it was signed")
    return data


def thumbprint(key):
    """The fingerprint of a key: its RFC 7638 thumbprint."""
    text = json.dumps({"e": key["e"], "kty": "RSA", "n": key["n"]}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def signature_holds(key, signed, signature):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2): the encoded message is made anew and compared."""
    n, e = int.from_bytes(decode(key["n"]), "big"), int.from_bytes(decode(key["e"]), "big")
    length = (n.bit_length() + 7) // 8
    # 2,048 bits is what Officina makes; a short key proves nothing.
    if n.bit_length() < 2048 or e < 3 or len(signature) != length or int.from_bytes(signature, "big") >= n:
        return False
    digest = SHA256_PREFIX + hashlib.sha256(signed).digest()
    expected = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(signature, "big"), e, n).to_bytes(length, "big") == expected


def open_jws(jws, kind, key_of):
    """Header and payload of a compact JWS (RS256); the key is asked for by the header. Raises where it does not hold."""
    parts = jws.split(".")
    if len(parts) != 3:
        raise ValueError("is no compact JWS")
    header, payload = json.loads(decode(parts[0])), decode(parts[1])
    if header.get("alg") != "RS256" or header.get("typ") != kind:
        raise ValueError("is not signed as such a thing is signed")
    key = key_of(header)
    if thumbprint(key) != header["kid"]:
        raise ValueError("names another key than it carries")
    if not signature_holds(key, f"{parts[0]}.{parts[1]}".encode(), decode(parts[2])):
        raise ValueError("the signature does not hold")
    return header, json.loads(payload)


def check_signature(folder, data, manifest, wanted):
    try:
        with open(os.path.join(folder, "manifest.jws"), encoding="latin-1", newline="") as file:
            header, payload = open_jws(file.read(), "evidence-manifest+jws", lambda header: header["jwk"])
    except FileNotFoundError:
        return blame("manifest.jws", "is missing")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        return blame("manifest.jws", shown(error))
    if payload["manifest_sha256"] != sha(data):
        blame("manifest.json", "is not what was signed (manifest.jws)")
    if [payload["pack_id"], payload["tenant_id"]] != [manifest.get(name, {}).get("id") for name in ("pack", "company")]:
        blame("manifest.jws", "was made for another pack")
    if wanted is not None and header["kid"] != wanted:
        blame("manifest.jws", f"was signed by another key: {shown(header['kid'])}")
    return header["kid"]


def read_text(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return file.read()


def read_lines(folder, name):
    text = read_text(folder, name)
    return [json.loads(line) for line in re.sub(r"\n\Z", "", text).split("\n")] if text else []


def check_entry(line):
    """What the readable fields of a line say must be what its chained text says."""
    where = f"trail.ndjson entry {line['number']}"
    if line["entry"] is None:
        return blame(where, "its entry is gone")
    if sha(line["entry"]) != line["digest"]:
        blame(where, "the entry is not what its digest says")
    said = json.loads(line["entry"])
    actor = line["actor"]
    is_said = [line["audit_id"], actor["kind"], actor["id"], line["action"], line["resource"], line["resource_id"]]
    at = datetime.fromisoformat(re.sub(r"\.\d+", "", line["at"]).replace("Z", "+00:00")).timestamp()
    at += float(re.search(r"\.\d+", line["at"] + ".0")[0])
    if [said[0], *said[3:8]] != is_said or abs(at - said[1]) > 0.002:
        blame(where, "is not what its chained text says")
    if line["contents_salt"] is not None and sha(raw(line["contents_salt"]), line["contents"]) != said[10]:
        blame(where, "its contents are not what was chained")


def check_heads(told, company):
    """The signed heads that hold, by number."""
    by_kid = {key["kid"]: key for key in told["keys"]}
    held = {}
    for head in told["heads"]:
        try:
            _, payload = open_jws(head["jws"], "audit-head+jws", lambda header: by_kid[header["kid"]])
            if payload["number"] != head["number"] or payload["link"] != head["link"]:
                raise ValueError("says another link")
            if payload["tenant_id"] != company or told["tenant_id"] != company:
                raise ValueError("is of another company")
            held[head["number"]] = head["link"]
        except KeyError:
            blame(f"heads.json head {head['number']}", "was signed by a key that is not here")
        except ValueError as error:
            blame(f"heads.json head {head['number']}", shown(error))
    return held


def check_chain(chain, trail, heads, company):
    """Recomputes the links; each entry must lie under a signed head. Answers the links at the heads, by number."""
    entries = {line["number"]: line for line in trail}
    links, last, link, unproven = {}, None, None, []
    for one in chain:
        number, previous = one["number"], one.get("previous")
        if last is None or number != last + 1 or previous is not None:
            for lost in unproven:
                blame(f"trail.ndjson entry {lost}", "lies under no signed head")
            unproven = []
            if previous is None and number != 1:
                blame(f"chain.ndjson link {number}", "the link before it is missing")
            link = sha(raw(company)) if number == 1 else (previous or "")
        link, last = sha(raw(link), raw(one["digest"]), raw(one["audit_id"])), number
        entry = entries.pop(number, None)
        if entry is not None:
            if (entry["digest"], entry["audit_id"], entry["link"]) != (one["digest"], one["audit_id"], link):
                blame(f"trail.ndjson entry {number}", "is not the one in the chain")
            unproven.append(number)
        if number in heads:
            if heads[number] == link:
                unproven = []
            else:
                blame(f"heads.json head {number}", "the chain leads to another link: an entry before it was changed")
            links[number] = link
    for lost in unproven:
        blame(f"trail.ndjson entry {lost}", "lies under no signed head")
    for lost in entries:
        blame(f"trail.ndjson entry {lost}", "is not in the chain")
    return links


def check_events(events, company):
    last = 0
    for event in events:
        number = event["sequence"]
        ours = (event["tenantid"], event["id"], event["source"]) == (company, f"{company}:{number}", f"urn:uuid:{company}")
        if not ours or number <= last:
            blame(f"events.ndjson event {number}", "is of another company, or not in its place")
        last = number


def check_history(folder, manifest):
    company = manifest["company"]["id"]
    try:
        trail, chain, events = (read_lines(folder, f"{name}.ndjson") for name in ("trail", "chain", "events"))
        told, decisions = json.loads(read_text(folder, "heads.json")), json.loads(read_text(folder, "decisions.json"))
        for line in trail:
            check_entry(line)
        held = check_heads(told, company)
        links = check_chain(chain, trail, held, company)
        check_events(events, company)
        actions = {line["audit_id"]: line["action"] for line in trail}
        for decision in decisions:
            if actions.get(decision["audit_id"]) != decision["action"]:
                blame("decisions.json", f"{shown(decision['audit_id'])} is not in the trail")
        counts = {"entries": len(trail), "links": len(chain), "events": len(events), "decisions": len(decisions)}
        for name, count in counts.items():
            if manifest["trail"][name] != count:
                blame("manifest.json", f"says {shown(manifest['trail'][name])} {name}, there are {count}")
        head = manifest["trail"]["head"]
        if held.get(head["number"]) != head["link"]:
            blame("heads.json", f"the head {shown(head['number'])} that the manifest names is not there")
        return links, told["keys"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        blame("history", f"cannot be read: {shown(error)}")
        return {}, []


def check_kept(jws, links, keys, company):
    """A head that the reader kept: it must be a link of this very chain."""
    try:
        _, payload = open_jws(jws, "audit-head+jws", lambda header: next(k for k in keys if k["kid"] == header["kid"]))
    except StopIteration:
        return blame("--head", "was signed by a key that is not here")
    except (ValueError, KeyError, TypeError) as error:
        return blame("--head", shown(error))
    number = payload["number"]
    if payload["tenant_id"] != company:
        return blame("--head", "is of another company")
    if number not in links:
        return print(f"The head {number} that you kept is not among those in this pack.")
    if links[number] != payload["link"]:
        return blame("--head", "the trail was rewritten: the head that you kept names another link")
    return print(f"The head {number} that you kept stands in this chain.")


def arguments_of(given):
    asked = {"folder": os.path.dirname(os.path.abspath(__file__)), "key": None, "head": None}
    given = list(given)
    while given:
        word = given.pop(0)
        if word in ("--key", "--head"):
            asked[word[2:]] = given.pop(0) if given else ""
        else:
            asked["folder"] = word
    return asked


def main():
    asked = arguments_of(sys.argv[1:])
    folder = asked["folder"]
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            data = file.read()
        manifest = json.loads(data.decode())
    except FileNotFoundError:
        print("manifest.json: is missing")
        return 1
    except ValueError:
        print("manifest.json: was changed (it is no JSON)")
        return 1
    if manifest.get("format") != "officina-evidence-pack" or manifest.get("version") != 1:
        blame("manifest.json", "is not of a kind that this program can check")
    else:
        kid = check_signature(folder, data, manifest, asked["key"])
        try:
            check_files(folder, manifest)
            links, keys = check_history(folder, manifest)
            pack, company = manifest["pack"], manifest["company"]
            if asked["head"] is not None:
                check_kept(asked["head"], links, keys, company["id"])
            print(f"{shown(pack['name'])} ({shown(pack['id'])}), {shown(company['name'])}, {shown(manifest['made_at'])}")
        except (KeyError, TypeError, AttributeError):
            # Without what it must say nothing else can be checked; files that cannot be read are another matter.
            blame("manifest.json", "does not say what a manifest says")
        if kid is not None:
            published = shown(manifest.get("keys_published_at"))
            named = ", the one that you named" if asked["key"] == kid else f"; compare it: {published}"
            print(f"Signed by the key {shown(kid)}{named}")
    if not wrong:
        trail = manifest["trail"]
        print(f"All is well: {len(manifest['files'])} files, {trail['entries']} entries of the trail, {trail['events']} events.")
    for text in wrong[:200]:
        print(f"WRONG {text}")
    if wrong:
        print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.stdout.encoding.lower() not in ("utf-8", "utf8"):
        sys.stdout.reconfigure(errors="replace")
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"It could not be checked: {error}")
        sys.exit(2)
