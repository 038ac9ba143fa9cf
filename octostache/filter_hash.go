package octostache

import (
	"crypto/md5"  // #nosec G501 -- the language has the filter
	"crypto/sha1" // #nosec G505 -- likewise
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode/utf16"

	"github.com/takodeploy/tako/octostache/internal/dotnet"
)

func md5Hash(input string, args []string) (string, bool) {
	return digest(input, args, func(b []byte) []byte { h := md5.Sum(b); return h[:] })
}

func sha1Hash(input string, args []string) (string, bool) {
	return digest(input, args, func(b []byte) []byte { h := sha1.Sum(b); return h[:] })
}

func sha256Hash(input string, args []string) (string, bool) {
	return digest(input, args, func(b []byte) []byte { h := sha256.Sum256(b); return h[:] })
}

func sha384Hash(input string, args []string) (string, bool) {
	return digest(input, args, func(b []byte) []byte { h := sha512.Sum384(b); return h[:] })
}

func sha512Hash(input string, args []string) (string, bool) {
	return digest(input, args, func(b []byte) []byte { h := sha512.Sum512(b); return h[:] })
}

// digest hashes the input. An option that is a positive number cuts the hash to
// so many bytes, another says how the input becomes bytes, in any order.
func digest(input string, args []string, sum func([]byte) []byte) (string, bool) {
	if len(args) > 2 {
		return "", false
	}
	encoding, size := "utf8", 0
	sized, encoded := false, false
	for _, arg := range args {
		n, number := dotnet.ParseInt(arg)
		switch {
		case number && n > 0 && !sized:
			size, sized = n, true
		case !number && !encoded:
			encoding, encoded = strings.ToLower(arg), true
		default:
			return "", false
		}
	}
	bytes, ok := encode(input, encoding)
	if !ok {
		return "", false
	}
	hash := sum(bytes)
	if sized {
		hash = hash[:min(size, len(hash))]
	}
	return hex.EncodeToString(hash), true
}

// encode makes bytes of a text.
func encode(input, encoding string) ([]byte, bool) {
	switch encoding {
	case "utf8", "utf-8":
		return []byte(input), true
	case "unicode":
		return utf16Bytes(input), true
	case "base64":
		return decodeBase64(input)
	}
	return nil, false
}

func utf16Bytes(s string) []byte {
	units := utf16.Encode([]rune(s))
	bytes := make([]byte, 0, 2*len(units))
	for _, u := range units {
		bytes = binary.LittleEndian.AppendUint16(bytes, u)
	}
	return bytes
}

// decodeBase64 reads base64 with its padding, blanks allowed anywhere.
func decodeBase64(s string) ([]byte, bool) {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
	bytes, err := base64.StdEncoding.DecodeString(s)
	return bytes, err == nil
}

func toBase64(input string, args []string) (string, bool) {
	encoding, ok := textEncoding(args)
	if !ok {
		return "", false
	}
	bytes, ok := encode(input, encoding)
	return base64.StdEncoding.EncodeToString(bytes), ok
}

// textEncoding gives the one option of the base64 filters.
func textEncoding(args []string) (string, bool) {
	if len(args) == 0 {
		return "utf8", true
	}
	encoding := strings.ToLower(args[0])
	return encoding, len(args) == 1 && encoding != "base64"
}

func fromBase64(_ *evaluation, input *string, args []string) (*string, error) {
	if input == nil || len(args) > 1 {
		return nil, nil
	}
	bytes, ok := decodeBase64(*input)
	if !ok {
		return nil, errBase64
	}
	encoding, _ := textEncoding(args)
	var result string
	switch encoding {
	case "utf8", "utf-8":
		result = strings.ToValidUTF8(string(bytes), "�")
	case "unicode":
		result = decodeUTF16(bytes)
	default:
		return nil, nil
	}
	return &result, nil
}

func decodeUTF16(bytes []byte) string {
	units := make([]uint16, 0, len(bytes)/2+1)
	for ; len(bytes) > 1; bytes = bytes[2:] {
		units = append(units, binary.LittleEndian.Uint16(bytes))
	}
	if len(bytes) == 1 { // half a character
		units = append(units, 0xFFFD)
	}
	return string(utf16.Decode(units))
}
