// Package dotnet reads and writes numbers, dates and URIs the way .NET does
// under its invariant culture.
//
// Templates carry .NET format strings and expect .NET's texts, from "1E+15" to
// "05/22/2030 09:05:00", which no other library produces.
package dotnet

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Number is a decimal number as a row of digits, the form all formatting works
// on: its value is 0.d1d2d3… times ten to the power of point.
type Number struct {
	negative bool
	digits   string // without leading zeros; "" is zero
	point    int    // where the decimal point stands, counted from the first digit
	kind     numberKind
	exact    float64 // the value of a double
}

type numberKind uint8

const (
	integerKind numberKind = iota
	decimalKind
	doubleKind
)

// The places a double shows before it turns to scientific notation.
const doubleDigits = 15

// maxDecimal is the largest decimal, 2^96-1.
var maxDecimal, _ = new(big.Int).SetString("79228162514264337593543950335", 10)

// ParseDouble reads a double: blanks around it, a sign, commas between digits,
// an exponent.
func ParseDouble(s string) (float64, bool) {
	trimmed := strings.Trim(s, blanks)
	switch strings.ToLower(strings.TrimPrefix(trimmed, "+")) {
	case "infinity":
		return math.Inf(1), true
	case "-infinity":
		return math.Inf(-1), true
	case "nan", "-nan":
		return math.NaN(), true
	}
	l, ok := readLiteral(trimmed, true, true, false)
	if !ok {
		return 0, false
	}
	// Out of range gives an infinity, as .NET does.
	value, err := strconv.ParseFloat(l.text(), 64)
	if err != nil && !math.IsInf(value, 0) {
		return 0, false
	}
	return value, true
}

// Double makes a number of a double.
func Double(value float64) Number {
	text := strconv.FormatFloat(math.Abs(value), 'e', -1, 64)
	if math.IsInf(value, 0) || math.IsNaN(value) {
		return Number{kind: doubleKind, exact: value, negative: value < 0}
	}
	n := fromScientific(text)
	n.kind, n.exact, n.negative = doubleKind, value, math.Signbit(value)
	return n
}

// fromScientific takes apart strconv's d.ddde±dd.
func fromScientific(text string) Number {
	mantissa, exponent, _ := strings.Cut(text, "e")
	power, _ := strconv.Atoi(exponent)
	digits := strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0")
	if digits == "" {
		return Number{}
	}
	return Number{digits: digits, point: power + 1}
}

// FormatDouble writes the shortest text that reads back as the same double.
func FormatDouble(value float64) string {
	text, _ := Double(value).Format("")
	return text
}

// ParseDecimal reads a decimal, which keeps its trailing zeros. It refuses
// exponents and what does not fit 96 bits.
func ParseDecimal(s string) (Number, bool) {
	l, ok := readLiteral(strings.Trim(s, blanks), true, false, true)
	if !ok {
		return Number{}, false
	}
	whole := strings.TrimLeft(l.whole, "0")
	if len(whole) > 29 {
		return Number{}, false
	}
	// At most 28 places, and no more digits than fit.
	for places := min(len(l.fraction), 28); places >= 0; places-- {
		n := Number{digits: whole + l.fraction, point: len(whole), kind: decimalKind}.rounded(len(whole) + places)
		padded := n.digits + strings.Repeat("0", max(0, n.point+places-len(n.digits)))
		value, _ := new(big.Int).SetString("0"+padded, 10)
		if value.Cmp(maxDecimal) > 0 {
			continue
		}
		n.digits = padded
		n = n.withoutLeadingZeros()
		n.negative = l.negative && n.digits != ""
		if n.digits == "" {
			n.point = -places // 0.00 keeps its places
		}
		return n, true
	}
	return Number{}, false
}

// ParseInt reads a 32-bit integer: blanks around it and a sign before it.
func ParseInt(s string) (int, bool) {
	s = strings.Trim(s, blanks)
	value, err := strconv.ParseInt(s, 10, 32)
	if err != nil || strings.ContainsRune(s, '_') {
		return 0, false
	}
	return int(value), true
}

// Int makes a number of an integer.
func Int(value int) Number {
	digits := strings.TrimLeft(strconv.Itoa(value), "-")
	n := Number{negative: value < 0, digits: strings.TrimLeft(digits, "0"), kind: integerKind, exact: float64(value)}
	n.point = len(n.digits)
	return n
}

// blanks are what .NET skips around a number.
const blanks = " \t\n\v\f\r"

// literal is a number as written.
type literal struct {
	negative        bool
	whole, fraction string
	exponent        int
}

func (l literal) text() string {
	sign := ""
	if l.negative {
		sign = "-"
	}
	return sign + "0" + l.whole + "." + l.fraction + "0e" + strconv.Itoa(l.exponent)
}

// readLiteral takes a number apart.
func readLiteral(s string, thousands, exponent, trailingSign bool) (literal, bool) {
	var l literal
	signed := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		l.negative, signed = s[0] == '-', true
		s = s[1:]
	}
	if n := len(s); trailingSign && !signed && n > 0 && (s[n-1] == '-' || s[n-1] == '+') {
		l.negative = s[n-1] == '-'
		s = strings.TrimRight(s[:n-1], blanks)
	}
	n := 0
	for n < len(s) && (isDigit(s[n]) || thousands && n > 0 && s[n] == ',') {
		n++
	}
	l.whole, s = strings.ReplaceAll(s[:n], ",", ""), s[n:]
	if strings.HasPrefix(s, ".") {
		n := digitRun(s[1:])
		l.fraction, s = s[1:1+n], s[1+n:]
	}
	if l.whole == "" && l.fraction == "" {
		return l, false
	}
	if exponent && s != "" && s[0]|0x20 == 'e' {
		value, err := strconv.ParseInt(s[1:], 10, 32)
		if err != nil {
			return l, false
		}
		l.exponent, s = int(max(min(value, 100000), -100000)), ""
	}
	return l, s == ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func digitRun(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// rounded keeps the first count digits, a half rounding away from zero.
func (n Number) rounded(count int) Number {
	if count >= len(n.digits) {
		return n
	}
	if count < 0 || n.digits[max(count, 0)] < '5' {
		n.digits = n.digits[:max(count, 0)]
		return n.trimmedZero()
	}
	kept := []byte(n.digits[:count])
	for i := count - 1; i >= 0; i-- {
		if kept[i] < '9' {
			kept[i]++
			n.digits = string(kept[:i+1]) + strings.Repeat("0", count-i-1)
			return n
		}
	}
	n.digits = "1" + strings.Repeat("0", count)
	n.point++
	return n
}

// trimmedZero makes a row of no digits a plain zero.
func (n Number) trimmedZero() Number {
	if strings.Trim(n.digits, "0") == "" {
		n.digits, n.point = "", 0
	}
	return n
}

// withoutLeadingZeros moves the point to the first digit that counts.
func (n Number) withoutLeadingZeros() Number {
	short := strings.TrimLeft(n.digits, "0")
	n.point -= len(n.digits) - len(short)
	n.digits = short
	return n
}
