# The functions that every shell script may call. Loaded on the first call of
# any of them, or at once when the script's text names one. POSIX sh with
# "local"; nothing here may depend on bash.

encode_servicemessagevalue() {
  printf '%s' "$1" | { base64 -w0 2>/dev/null || openssl base64 -A 2>/dev/null || base64 | tr -d '\n'; }
}

decode_servicemessagevalue() {
  printf '%s' "$1" | { base64 -d 2>/dev/null || openssl base64 -A -d; }
}

# Deciphers a value as the well-known bootstrap does: base64 of AES-256-CBC
# under the key in hex that the caller keeps in sensitiveVariableKey.
decrypt_variable() {
  printf '%s\n' "$1" | openssl enc -a -A -d -aes-256-cbc -nosalt -K "${sensitiveVariableKey:-}" -iv "$2"
}

set_octopusvariable() {
  local message="##octopus[setVariable"
  if [ -n "${1:-}" ]; then message="$message name='$(encode_servicemessagevalue "$1")'"; fi
  if [ -n "${2:-}" ]; then message="$message value='$(encode_servicemessagevalue "$2")'"; fi
  if [ "${3:-}" = "-sensitive" ]; then message="$message sensitive='VHJ1ZQ=='"; fi
  printf '%s]\n' "$message"
}

new_octopusartifact() {
  local path="$1" name="${2:-}" length
  printf 'Collecting %s as an artifact...\n' "$path"
  if [ ! -e "$path" ]; then
    printf '"%s" does not exist.\n' "$path" >&2
    exit 2
  fi
  length=$(wc -c < "$path" | tr -d ' ')
  if [ -z "$name" ]; then name=$(basename "$path"); fi
  printf '##octopus[stdout-verbose]\nArtifact %s will be collected from %s after this step completes\n##octopus[stdout-default]\n' "$name" "$path"
  case "$path" in /*) ;; *) path="$(pwd)/$path" ;; esac
  printf "##octopus[createArtifact path='%s' name='%s' length='%s']\n" \
    "$(encode_servicemessagevalue "$path")" "$(encode_servicemessagevalue "$name")" "$(encode_servicemessagevalue "$length")"
}

fail_step() {
  if [ -n "${1:-}" ]; then
    printf "##octopus[resultMessage message='%s']\n" "$(encode_servicemessagevalue "$1")"
  fi
  exit 1
}

update_progress() {
  printf "##octopus[progress percentage='%s' message='%s']\n" \
    "$(encode_servicemessagevalue "$1")" "$(encode_servicemessagevalue "${2:-}")"
}

__tako_say() {
  printf '##octopus[stdout-%s]\n%s\n##octopus[stdout-default]\n' "$1" "$2"
}

write_verbose() { __tako_say verbose "$*"; }
write_highlight() { __tako_say highlight "$*"; }
write_wait() { __tako_say wait "$*"; }
write_warning() { __tako_say warning "$*"; }

__tako_removetarget() {
  printf "##octopus[delete-target machine='%s']\n" "$(encode_servicemessagevalue "$1")"
}

new_octopustarget() (
  attributes=""
  add() { attributes="$attributes $1='$(encode_servicemessagevalue "$2")'"; }
  while [ $# -gt 0 ]; do
    case "$1" in
      -n | --name) add name "$2"; shift 2 ;;
      -t | --target-id) add targetId "$2"; shift 2 ;;
      --inputs) add inputs "$2"; shift 2 ;;
      --roles) add octopusRoles "$2"; shift 2 ;;
      --worker-pool) add octopusDefaultWorkerPoolIdOrName "$2"; shift 2 ;;
      --update-if-existing) add updateIfExisting true; shift ;;
      --) break ;;
      -*) printf 'Error: Unknown option: %s\n' "$1" >&2; exit 1 ;;
      *) break ;;
    esac
  done
  printf '##octopus[createStepPackageTarget%s]\n' "$attributes"
)

set_environmentstate() {
  local key="$1" value="${2:-}" sensitive="" type="State"
  if [ $# -ge 2 ]; then shift 2; else shift $#; fi
  while [ $# -gt 0 ]; do
    case "$1" in
      "") ;;
      -sensitive) sensitive=" sensitive='VHJ1ZQ=='" ;;
      type=*) type="${1#type=}" ;;
      *) type="$1" ;;
    esac
    shift
  done
  printf "##octopus[set-environmentstate key='%s' value='%s'%s type='%s']\n" \
    "$(encode_servicemessagevalue "$key")" "$(encode_servicemessagevalue "$value")" "$sensitive" "$(encode_servicemessagevalue "$type")"
}

set_environmenturl() { set_environmentstate "$1" "${2:-}" "type=Url"; }

__tako_manifest() {
  case "$1" in *[![:space:]]*) ;; *) return 0 ;; esac
  local message
  message="##octopus[k8s-manifest-applied manifest='$(encode_servicemessagevalue "$1")'"
  if [ -n "${2:-}" ]; then message="$message ns='$(encode_servicemessagevalue "$2")'"; fi
  printf '%s]\n' "$message"
}

report_kubernetes_manifest() {
  local line document="" newline='
'
  while IFS= read -r line || [ -n "$line" ]; do
    if [ "$line" = "---" ]; then
      __tako_manifest "$document" "${2:-}"
      document=""
    else
      document="$document$line$newline"
    fi
  done <<__TAKO_MANIFEST
$1
__TAKO_MANIFEST
  __tako_manifest "$document" "${2:-}"
}

report_kubernetes_manifest_file() {
  if [ ! -f "$1" ]; then
    write_verbose "No Kubernetes manifest file was found at '$1'."
    return 0
  fi
  report_kubernetes_manifest "$(cat "$1")" "${2:-}"
}
