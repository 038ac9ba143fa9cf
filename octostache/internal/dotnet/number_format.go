package dotnet

import (
	"math"
	"strconv"
	"strings"
)

// maxPrecision bounds how many digits a format may ask for.
const maxPrecision = 4096

// Format writes the number by a standard or custom format string. It reports
// false for a format the number does not have.
func (n Number) Format(format string) (string, bool) {
	if n.kind == doubleKind && (math.IsNaN(n.exact) || math.IsInf(n.exact, 0)) {
		return map[bool]string{true: "NaN", false: sign(n.negative) + "Infinity"}[math.IsNaN(n.exact)], true
	}
	letter, precision, standard := standardFormat(format)
	if !standard {
		return n.custom(format)
	}
	if precision > maxPrecision {
		return "", false
	}
	return n.standard(letter, precision)
}

// standardFormat recognises a letter with up to nine digits; the precision is
// -1 when there are none.
func standardFormat(format string) (letter byte, precision int, ok bool) {
	if format == "" {
		return 'G', -1, true
	}
	letter = format[0]
	if letter|0x20 < 'a' || letter|0x20 > 'z' || len(format) > 10 || digitRun(format[1:]) != len(format)-1 {
		return 0, 0, false
	}
	if len(format) == 1 {
		return letter, -1, true
	}
	precision, err := strconv.Atoi(format[1:])
	return letter, precision, err == nil
}

func sign(negative bool) string {
	if negative {
		return "-"
	}
	return ""
}

// standard writes one of .NET's lettered formats.
func (n Number) standard(letter byte, precision int) (string, bool) {
	switch upper := letter &^ 0x20; upper {
	case 'G':
		return n.general(precision, letter-2), true
	case 'R':
		if n.kind != doubleKind {
			return "", false
		}
		return n.general(-1, letter-'R'+'E'), true
	case 'F', 'N', 'C', 'P':
		return n.fixed(upper, precision), true
	case 'E':
		if precision < 0 {
			precision = 6
		}
		text := n.expanded().scientific(precision, letter, 3)
		return sign(n.negative) + text, true
	case 'D', 'X', 'B':
		if n.kind != integerKind {
			return "", false
		}
		return n.integer(upper, letter, max(precision, 1)), true
	}
	return "", false
}

// expanded gives a double all the digits it really has, so that rounding
// starts from its value and not from its shortest text.
func (n Number) expanded() Number {
	if n.kind != doubleKind || n.digits == "" {
		return n
	}
	e := fromScientific(strconv.FormatFloat(math.Abs(n.exact), 'e', 766, 64))
	e.kind, e.exact, e.negative = n.kind, n.exact, n.negative
	return e
}

// general writes the shorter of fixed and scientific notation.
func (n Number) general(precision int, e byte) string {
	limit := precision
	switch {
	case precision > 0:
		n = n.expanded().rounded(precision)
	case n.kind == doubleKind:
		limit = max(len(n.digits), doubleDigits)
	case n.kind == integerKind:
		limit = 10
	default: // a decimal without precision is written in full, zeros and all
		places := max(len(n.digits)-n.point, 0)
		return sign(n.negative) + n.plain(places)
	}
	n.digits = strings.TrimRight(n.digits, "0")
	if n.digits != "" && (n.point > limit || n.point < -3) {
		return sign(n.negative) + n.scientific(len(n.digits)-1, e, 2)
	}
	return sign(n.negative) + n.plain(max(len(n.digits)-n.point, 0))
}

// plain writes whole part and exactly so many places, without rounding.
func (n Number) plain(places int) string {
	whole := "0"
	if n.digits != "" && n.point > 0 {
		whole = n.digitsFrom(0, n.point)
	}
	if places == 0 {
		return whole
	}
	if n.digits == "" {
		return whole + "." + strings.Repeat("0", places)
	}
	return whole + "." + n.digitsFrom(n.point, n.point+places)
}

// digitsFrom gives the digits at positions from up to to, zeros outside.
func (n Number) digitsFrom(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteByte(n.digitAt(i))
	}
	return b.String()
}

func (n Number) digitAt(i int) byte {
	if i < 0 || i >= len(n.digits) {
		return '0'
	}
	return n.digits[i]
}

// scientific writes d.ddde+xx without a sign before it.
func (n Number) scientific(places int, e byte, exponentDigits int) string {
	n = n.rounded(places + 1)
	power := n.point - 1
	if n.digits == "" {
		power = 0
	}
	text := n.digitsFrom(0, 1)
	if places > 0 {
		text += "." + n.digitsFrom(1, 1+places)
	}
	return text + string(e) + exponentText(power, true, exponentDigits)
}

func exponentText(power int, plus bool, digits int) string {
	mark := ""
	switch {
	case power < 0:
		mark = "-"
		power = -power
	case plus:
		mark = "+"
	}
	text := strconv.Itoa(power)
	return mark + strings.Repeat("0", max(0, digits-len(text))) + text
}

// fixed writes F, N, C and P.
func (n Number) fixed(letter byte, precision int) string {
	if precision < 0 {
		precision = 2
	}
	n = n.expanded()
	if letter == 'P' && n.digits != "" {
		n.point += 2
	}
	n = n.rounded(n.point + precision)
	if strings.Trim(n.digits, "0") == "" && n.kind != doubleKind {
		n.negative = false
	}
	text := n.plain(precision)
	if letter != 'F' {
		whole, fraction, _ := strings.Cut(text, ".")
		text = grouped(whole)
		if fraction != "" {
			text += "." + fraction
		}
	}
	switch {
	case letter == 'C' && n.negative:
		return "(¤" + text + ")"
	case letter == 'C':
		return "¤" + text
	case letter == 'P':
		text += " %"
	}
	return sign(n.negative) + text
}

// grouped puts commas between thousands.
func grouped(whole string) string {
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	return b.String()
}

// integer writes D, X and B, padded to width.
func (n Number) integer(upper, letter byte, width int) string {
	value := int64(n.exact)
	if upper == 'D' {
		text := strings.TrimLeft(strconv.FormatInt(value, 10), "-")
		return sign(n.negative) + strings.Repeat("0", max(0, width-len(text))) + text
	}
	base := 16
	if upper == 'B' {
		base = 2
	}
	text := strconv.FormatUint(uint64(uint32(int32(value))), base)
	if letter == 'X' {
		text = strings.ToUpper(text)
	}
	return strings.Repeat("0", max(0, width-len(text))) + text
}
