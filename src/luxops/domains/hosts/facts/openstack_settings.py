"""Which settings of OpenStack's services a host tells, how much of each, and how they are read as oslo.config reads them.

Only what `TABLE` lists leaves a host, so a secret that nobody thought of stays there. Of what is listed, the kind decides:

| kind | leaves the host as | becomes |
|---|---|---|
| `flag` | a word of at most five letters or digits | true, false, or the word |
| `word` | text of letters, digits and `_.:+*/,[] -`, at most 200 long | a number or the text |
| `list` | the same | its members |
| `many` | the same, of every line that sets it in a file | the members of all files |
| `url` | schemes alone: `https`, `http`; `*` for any origin | the schemes, in order |
| `given` | `set` or `blank` | the same |
| `secret` | `set`, `blank`, `default` (a known placeholder) or `short` (under 12 characters) | the same |
| `connection` | scheme, `local` or `remote`, each password as a secret, and what the URL says of TLS | Connection |
| `query` | what such parameters say of TLS | `no`, `encrypted`, `verified` |

What is of another shape, and a secret that refers to another setting (`$name`), leaves it as `?` and becomes Unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from luxops.domains.hosts.facts.interface import ParseError
from luxops.domains.hosts.facts.reading import number_or_text
from luxops.model import FactValue, Unreadable

Tls = Literal["no", "encrypted", "verified"]
Password = Literal["none", "blank", "default", "short", "set"]


class Connection(FactValue):
    """A connection URL without its names and secrets."""

    scheme: str
    """`mysql+pymysql`, `postgresql`, `sqlite`, `rabbit`."""
    local: bool
    """It stays on the host: a socket, a loopback address, a file."""
    password: Password
    """The worst, where several brokers are named. `none`: the URL has none. `short`: under 12 characters."""
    tls: Tls
    """What the URL's parameters ask for. `verified`: the other side's certificate is checked against a CA, and its name, too,
    where it is a database."""


Setting = bool | int | str | tuple[str, ...] | Connection | Unreadable | None
"""None where no file sets it: then the service's own default holds."""

SERVICES = ("keystone", "nova", "neutron", "cinder", "glance")
TABLE = """\
flag * DEFAULT debug
given * DEFAULT config_source
connection * DEFAULT transport_url
connection * oslo_messaging_notifications transport_url
flag * oslo_messaging_rabbit ssl
flag * oslo_messaging_rabbit rabbit_use_ssl
given * oslo_messaging_rabbit ssl_ca_file
given * oslo_messaging_rabbit kombu_ssl_ca_certs
connection * database connection
connection * database sql_connection
connection * DEFAULT sql_connection
connection * sql connection
query * database connection_parameters
word * oslo_middleware max_request_body_size
word * DEFAULT max_request_body_size
word * DEFAULT osapi_max_request_body_size
flag * oslo_policy enforce_scope
flag * oslo_policy enforce_new_defaults
word * oslo_policy policy_file
many * oslo_policy policy_dirs
url * cors allowed_origin
word * keystone_authtoken auth_section
url * keystone_authtoken auth_url
url * keystone_authtoken www_authenticate_uri
url * keystone_authtoken auth_uri
flag * keystone_authtoken insecure
secret * keystone_authtoken password
flag * keystone_authtoken service_token_roles_required
given * keystone_authtoken memcached_servers
given * keystone_authtoken memcache_servers
word * keystone_authtoken memcache_security_strategy
secret * keystone_authtoken memcache_secret_key
flag keystone DEFAULT insecure_debug
secret keystone DEFAULT admin_token
word keystone DEFAULT max_param_size
word keystone token provider
word keystone token expiration
word keystone fernet_tokens key_repository
word keystone fernet_tokens max_active_keys
word keystone credential key_repository
word keystone identity password_hash_algorithm
word keystone identity password_hash_rounds
word keystone security_compliance lockout_failure_attempts
word keystone security_compliance lockout_duration
given keystone security_compliance password_regex
word keystone security_compliance unique_last_password_count
url keystone ldap url
flag keystone ldap use_tls
word keystone ldap tls_req_cert
word nova api auth_strategy
connection nova api_database connection
url nova glance api_servers
url nova glance endpoint_override
flag nova glance insecure
flag nova glance api_insecure
flag nova glance verify_glance_signatures
url nova cinder endpoint_template
flag nova cinder insecure
url nova neutron endpoint_override
flag nova neutron insecure
flag nova neutron service_metadata_proxy
secret nova neutron metadata_proxy_shared_secret
url nova placement endpoint_override
flag nova placement insecure
flag nova service_user send_service_user_token
word nova key_manager backend
secret nova key_manager fixed_key
flag nova vnc enabled
list nova vnc auth_schemes
flag nova DEFAULT ssl_only
flag nova libvirt live_migration_with_native_tls
word neutron DEFAULT auth_strategy
flag neutron DEFAULT use_ssl
word neutron DEFAULT bind_host
url neutron nova endpoint_override
flag neutron nova insecure
list neutron ml2 mechanism_drivers
list neutron ml2 extension_drivers
url neutron ovn ovn_nb_connection
url neutron ovn ovn_sb_connection
word cinder DEFAULT auth_strategy
url cinder DEFAULT glance_api_servers
flag cinder DEFAULT glance_api_insecure
flag cinder nova insecure
word cinder key_manager backend
secret cinder key_manager fixed_key
list cinder DEFAULT enabled_backends
word cinder * volume_driver
flag cinder * nas_secure_file_permissions
flag cinder * nas_secure_file_operations
word glance DEFAULT bind_host
word glance paste_deploy flavor
flag glance DEFAULT show_multiple_locations
flag glance DEFAULT enforce_secure_rbac
list glance DEFAULT enabled_import_methods
list glance import_filtering_opts allowed_schemes
"""
"""Kind, service (`*`: each), section (`*`: any), key; one line each, sent to the host as it stands."""
REDUCE = r"""
function secret(v) {
  return v == "" ? "blank" : tolower(v) ~ placeholder ? "default" : length(v) < 12 ? "short" : "set" }
function scheme(v) {
  if (v == "*") return v
  if (match(v, /^[A-Za-z][A-Za-z0-9+]*:\/\//)) return tolower(substr(v, 1, RLENGTH - 3))
  return match(v, /^(tcp|ssl|unix):/) ? substr(v, 1, RLENGTH - 1) : "?" }
function urls(v, n, i, p, r) {
  gsub(/[][ \t]/, "", v)
  n = split(v, p, ",")
  for (i = 1; i <= n; i++) r = r (i == 1 ? "" : ",") scheme(p[i])
  return r }
function query(v, n, i, p, k, r) {
  n = split(v, p, "&")
  for (i = 1; i <= n; i++) {
    k = p[i]; sub(/=.*/, "", k)
    if (k ~ /^ssl(mode|_check_hostname|_verify_cert)?$/)
      r = r " " k "=" (p[i] ~ /^[a-z_]+=[A-Za-z0-9-]+$/ ? tolower(substr(p[i], length(k) + 2, 12)) : "?")
    else if (k ~ /^ssl_ca(_file|path)?$/ && p[i] ~ /=./) r = r " " k "=set" }
  return r }
function connection(v, s, at, c, h, far, said, more) {
  s = scheme(v)
  if (s ~ /^[?*]/) return "?"
  if (s ~ /^sqlite/) return s " local none"
  v = substr(v, length(s) + 4)
  do {
    at = index(v, "@"); c = at ? substr(v, 1, at - 1) : ""; v = substr(v, at + 1)
    if (!match(v, /[,\/?]/)) RSTART = length(v) + 1
    h = substr(v, 1, RSTART - 1); more = substr(v, RSTART, 1); v = substr(v, RSTART + 1)
    if (h !~ /^(localhost|127\.[0-9.]*|\[::1\])?(:[0-9]*)?$/) far = 1
    said = said (said == "" ? "" : ",") ((at = index(c, ":")) ? secret(substr(c, at + 1)) : "none")
  } while (more == ",")
  if (more == "/") v = (at = index(v, "?")) ? substr(v, at + 1) : ""
  if (v ~ /(^|&)host=[^\/]/) far = 1
  return s " " (far ? "remote" : "local") " " said query(v) }
function refers(v) { gsub(/\$\$/, "", v); return v ~ /\$[A-Za-z_({]/ }
function told(k, v) {
  if (k ~ /^(secret|connection|query)$/ && refers(v)) return "?"
  if (k == "secret") return secret(v)
  if (k == "given") return v == "" ? "blank" : "set"
  if (k == "url") return urls(v)
  if (k == "connection") return connection(v)
  if (k == "query") return substr(query(v), 2)
  if (k == "flag") return v ~ /^[A-Za-z0-9]+$/ && length(v) < 6 ? v : "?"
  return v ~ /^[][A-Za-z0-9_.:+*\/, -]*$/ && length(v) <= 200 ? v : "?" }
function close_key(k, i, v) {
  k = kind[s " " group " " key]
  if (k == "") k = kind["* " group " " key]
  if (k == "" && group ~ /^[A-Za-z0-9_.-]+$/) k = kind[s " * " key]
  i = group "\t" key
  if (k == "many" && i in shown) v = shown[i] ","
  if (k != "") shown[i] = v told(k, text)
  key = "" }
function close_file(k) {
  if (key != "") close_key()
  for (k in shown) { print file "\t" k "\t" shown[k]; delete shown[k] } }
function bad() { if (file != broken) print "? " file; broken = file }
BEGIN { placeholder = "^((admin|demo|guest|keystone|nova|neutron|cinder|glance|placement|rabbit|metadata|service)?" \
  "[_-]?(db)?(pass|password|secret|token)?|changeme|openstack|root|test|12345.*|[%<].*[%>])$" }
FNR == NR { kind[$2 " " $3 " " $4] = $1; next }
FNR == 1 { close_file(); s = file = FILENAME; group = ""
  sub(/^.*\/etc\//, "", s); sub(/\/.*/, "", s) }
/^#/ { if (key != "") close_key(); next }
NR > 200000 { exit 3 }
{ sub(/[ \t\r\f\v]+$/, "") }
/^[ \t]/ { sub(/^[ \t]+/, ""); if (key == "") bad(); text = text " " $0; next }
key != "" { close_key() }
/^$/ || /^;/ { next }
/^\[.+\]$/ { group = substr($0, 2, length($0) - 2); if (group != "DEFAULT") group = tolower(group); next }
/^\[/ || !/^[^=:]+[=:]/ || group == "" { bad(); next }
{ match($0, /[=:]/); key = substr($0, 1, RSTART - 1); text = substr($0, RSTART + 1)
  sub(/[ \t]+$/, "", key); sub(/^[ \t]+/, "", text)
  if (text ~ /^".*"$|^\047.*\047$/) text = substr(text, 2, length(text) - 2) }
END { close_file() }
"""
"""Awk: reads TABLE, then configuration files. Prints `FILE SECTION KEY REDUCED` with tabs between, and `? FILE` for one that
oslo.config would refuse. Ends with 3 where there are more than 200,000 lines; the longest that Debian installs has 9,000."""

_ALIASES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("oslo_messaging_rabbit", "rabbit_use_ssl"): ("oslo_messaging_rabbit", "ssl"),
    ("oslo_messaging_rabbit", "kombu_ssl_ca_certs"): ("oslo_messaging_rabbit", "ssl_ca_file"),
    ("database", "sql_connection"): ("database", "connection"),
    ("DEFAULT", "sql_connection"): ("database", "connection"),
    ("sql", "connection"): ("database", "connection"),
    ("DEFAULT", "max_request_body_size"): ("oslo_middleware", "max_request_body_size"),
    ("DEFAULT", "osapi_max_request_body_size"): ("oslo_middleware", "max_request_body_size"),
    ("keystone_authtoken", "auth_uri"): ("keystone_authtoken", "www_authenticate_uri"),
    ("keystone_authtoken", "memcache_servers"): ("keystone_authtoken", "memcached_servers"),
    ("glance", "api_insecure"): ("glance", "insecure"),
}
"""Older name that services still read → today's, both as section and key."""
_KINDS = {(service, section, key): kind for kind, service, section, key in map(str.split, TABLE.splitlines())}
_STATES = frozenset({"set", "blank", "default", "short"})
_WORST: tuple[Password, ...] = ("blank", "default", "none", "short", "set")
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
ANY_SECTION = tuple(sorted(key for _, section, key in _KINDS if section == "*"))
"""Settings of cinder's backends, whose sections have names of their own."""
_EVERY_BACKEND = "backend_defaults"
_LOGIN = ("auth_url", "password")
"""Of keystone_authtoken: what `auth_section` moves elsewhere."""
_SECTION = re.compile(r"[a-z0-9_.-]+")

Line = tuple[str, str, str, str]
"""File, section, key, and the value as the host reduced it."""


def kind_of(service: str, section: str, key: str) -> str | None:
    """What leaves the host of a setting; None: nothing does."""
    places = ((service, section, key), ("*", section, key), (service, "*", key))
    return next((kind for place in places if (kind := _KINDS.get(place))), None)


def settings_of(service: str, lines: Sequence[Line], files: Iterable[str]) -> dict[str, dict[str, Setting]]:
    """Section → key → what is in force, for every setting of the service that the table lists.

    `files`: those that all of its programs read, in their order; a later one wins, and in one file today's name over older
    ones. What another file sets otherwise holds for one program alone: then the setting is
    Unreadable, because there is no one value to judge.
    """
    names = [(section, key) for (of, section, key) in _KINDS if of in {"*", service} and section != "*"]
    settings: dict[str, dict[str, Setting]] = {}
    for section, key in names:
        if (section, key) not in _ALIASES:
            same = [(section, key), *(old for old, new in _ALIASES.items() if new == (section, key))]
            settings.setdefault(section, {})[key] = _in_force(service, same, lines, list(files))
    settings["oslo_policy"]["policy_dirs"] = _together(service, ("oslo_policy", "policy_dirs"), lines)
    own = settings["keystone_authtoken"]
    if own["auth_section"]:
        own |= dict.fromkeys(_LOGIN, Unreadable(reason="auth_section says that they stand in another section"))
    return settings


def _together(service: str, name: tuple[str, str], lines: Sequence[Line]) -> Setting:
    """Of a setting that adds to itself, in whatever file: every member."""
    values = [value(service, *name, shown) for _, section, key, shown in lines if (section, key) == name]
    unreadable = next((one for one in values if isinstance(one, Unreadable)), None)
    members = tuple(member for one in values if isinstance(one, tuple) for member in one)
    return unreadable or (members if values else None)


def sections_of(
    service: str, names: Iterable[str], lines: Sequence[Line], files: Iterable[str]
) -> dict[str, dict[str, Setting]]:
    """The same for the settings that may stand in any section, as those of cinder's backends; by the names given."""
    read = list(files)
    return {name: {key: _in_section(service, name.lower(), key, lines, read) for key in ANY_SECTION} for name in names}


def _in_section(service: str, section: str, key: str, lines: Sequence[Line], files: Sequence[str]) -> Setting:
    if not _SECTION.fullmatch(section):
        return Unreadable(reason="the host tells no section of such a name")
    own = _in_force(service, [(section, key)], lines, files)
    return _in_force(service, [(_EVERY_BACKEND, key)], lines, files) if own is None else own


def _in_force(service: str, names: Sequence[tuple[str, str]], lines: Sequence[Line], files: Sequence[str]) -> Setting:
    """`names`: section and key, today's first. A file has each of them once at most."""
    found = [(file, (section, key), shown) for file, section, key, shown in lines if (section, key) in names]
    last: Setting = None
    rank = (-1, 0)
    for file, name, shown in found:
        if file in files and (place := (files.index(file), -names.index(name))) >= rank:
            rank, last = place, value(service, *name, shown)
    for file, name, shown in found:
        if file not in files and value(service, *name, shown) != last:
            return Unreadable(reason=f"{file} sets it otherwise, for one program alone")
    return last


def value(service: str, section: str, key: str, shown: str) -> Setting:
    """What a reduced value says. Raises ParseError for one that the host's script cannot have printed."""
    kind = kind_of(service, section, key)
    if kind is None:
        raise ParseError(f"a setting that was not asked for: {section[:40]!r} {key[:40]!r}")
    if shown.startswith("?") or ",?" in shown:
        return Unreadable(reason=f"[{section}] {key} has a value of an unexpected shape")
    return _READERS[kind](shown)


def _flag(shown: str) -> Setting:
    if not shown.isalnum() or len(shown) > 5:  # noqa: PLR2004 - `false` is the longest
        raise ParseError(f"no flag: {shown[:40]!r}")
    word = shown.lower()
    return True if word in _TRUE else False if word in _FALSE else word


def _word(shown: str) -> Setting:
    return number_or_text(shown)


def _list(shown: str) -> Setting:
    members = (member.strip() for member in shown.strip("[] ").split(","))
    return tuple(member for member in members if member)


def _url(shown: str) -> Setting:
    return tuple(shown.split(",")) if shown else ()


def _state(shown: str) -> Setting:
    if shown not in _STATES:
        raise ParseError(f"no state of a secret: {shown[:40]!r}")
    return shown


def _connection(shown: str) -> Setting:
    scheme, place, passwords, *parameters = [*shown.split(" "), "", ""]
    states = passwords.split(",")
    if not scheme or place not in {"local", "remote"} or not set(states) <= {"none", *_STATES}:
        raise ParseError(f"not a connection: {shown[:40]!r}")
    worst = next(state for state in _WORST if state in states)
    return Connection(scheme=scheme, local=place == "local", password=worst, tls=_tls(parameters))


def _query(shown: str) -> Setting:
    return _tls(shown.split(" "))


def _tls(parameters: Iterable[str]) -> Tls:
    """From parameters of SQLAlchemy's drivers for MySQL and PostgreSQL, and of oslo.messaging's for RabbitMQ.

    A MySQL client checks certificate and name once it has a CA; a PostgreSQL one with `verify-full` alone.
    """
    given: dict[str, str] = {}
    for parameter in filter(None, parameters):
        name, found, setting = parameter.partition("=")
        if not found or not setting or not name.startswith("ssl"):
            raise ParseError(f"not about TLS: {parameter[:40]!r}")
        given[name] = setting
    if mode := given.get("sslmode"):
        return "verified" if mode == "verify-full" else "encrypted" if mode in {"require", "verify-ca"} else "no"
    on = given.get("ssl", "") in _TRUE
    verified = bool({"ssl_ca", "ssl_capath"} & given.keys()) or (on and "ssl_ca_file" in given)
    if {given.get("ssl_check_hostname"), given.get("ssl_verify_cert")} & _FALSE:
        return "encrypted" if verified or on else "no"
    return "verified" if verified else "encrypted" if on else "no"


_READERS: Mapping[str, Callable[[str], Setting]] = {
    "flag": _flag, "word": _word, "list": _list, "many": _list, "url": _url, "given": _state, "secret": _state,
    "connection": _connection, "query": _query,
}  # fmt: skip
