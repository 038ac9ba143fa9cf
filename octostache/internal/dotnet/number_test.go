package dotnet

import "testing"

func TestFormatDouble(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0", 1: "1", -60: "-60", 0.5: "0.5", 2.0 / 7: "0.2857142857142857",
		1e14: "100000000000000", 1e15: "1E+15", 9007199254740992: "9007199254740992",
		123456789012345680: "1.2345678901234568E+17", 0.0001: "0.0001", 0.00001: "1E-05",
		1e300: "1E+300",
	} {
		if got := FormatDouble(value); got != want {
			t.Errorf("FormatDouble(%g) = %q, want %q", value, got, want)
		}
	}
}

func TestFormat(t *testing.T) {
	decimal := func(s string) Number {
		n, ok := ParseDecimal(s)
		if !ok {
			t.Fatalf("ParseDecimal(%q) refused", s)
		}
		return n
	}
	tests := []struct {
		number Number
		format string
		want   string
	}{
		{decimal("23.4"), "C", "¤23.40"},
		{decimal("-23.4"), "C", "(¤23.40)"},
		{decimal("1234567.891"), "N", "1,234,567.89"},
		{decimal("1234567.891"), "N0", "1,234,568"},
		{decimal("1234.5"), "F", "1234.50"},
		{decimal("1234.5"), "F0", "1235"},
		{decimal("0.1234"), "P", "12.34 %"},
		{decimal("0.1234"), "P1", "12.3 %"},
		{decimal("1234.5"), "E", "1.234500E+003"},
		{decimal("1234.5"), "e2", "1.23e+003"},
		{decimal("1.50"), "G", "1.50"},
		{decimal("0.00"), "", "0.00"},
		{decimal("1.50"), "G2", "1.5"},
		{decimal("0.005"), "F2", "0.01"},
		{decimal("-0.004"), "F2", "0.00"},
		{decimal("999.99"), "F1", "1000.0"},
		{decimal("1,234.5"), "", "1234.5"},
		{decimal("12-"), "", "-12"},
		{Int(255), "X", "FF"},
		{Int(255), "x4", "00ff"},
		{Int(-1), "X", "FFFFFFFF"},
		{Int(-42), "D5", "-00042"},
		{Int(1234), "N", "1,234.00"},
		{Int(1234), "G2", "1.2E+03"},
		{Int(5), "000", "005"},
		{Double(2.5), "F0", "3"},
		{Double(2.675), "F2", "2.67"},
		{Double(0.1), "F20", "0.10000000000000000555"},
		{Double(1234.5678), "#,##0.00", "1,234.57"},
		{Double(0), "#", ""},
		{Double(0), "0.00;-0.00;zero", "zero"},
		{Double(-5), "0;(0)", "(5)"},
		{Double(-5), "0", "-5"},
		{Double(0.256), "0.0%", "25.6%"},
		{Double(12345678), "0,,", "12"},
		{Double(12345), "0.00E+00", "1.23E+04"},
		{Double(1234567890), "(###) ###-####", "(123) 456-7890"},
		{Double(42), "'#'0\\#", "#42#"},
		{Double(0.5), "#.##", ".5"},
		{Double(3), "0.##", "3"},
	}
	for _, tt := range tests {
		got, ok := tt.number.Format(tt.format)
		if !ok || got != tt.want {
			t.Errorf("%+v in %q = %q, %v; want %q", tt.number, tt.format, got, ok, tt.want)
		}
	}
	for _, format := range []string{"D", "X", "Q", "F9999999"} {
		if got, ok := decimal("1").Format(format); ok {
			t.Errorf("decimal in %q = %q, want a refusal", format, got)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]bool{
		"1": true, " 1.5 ": true, "-2": true, "1,000": true, "": false, "a": false, "1e3": false,
		".5": true, "5.": true, ",5": false, "79228162514264337593543950335": true, "79228162514264337593543950336": false,
	} {
		if _, ok := ParseDecimal(text); ok != want {
			t.Errorf("ParseDecimal(%q) = %v, want %v", text, ok, want)
		}
	}
	for text, want := range map[string]bool{"1": true, "1e3": true, "Infinity": true, "0x1": false, "1_0": false, "--1": false, "1e": false} {
		if _, ok := ParseDouble(text); ok != want {
			t.Errorf("ParseDouble(%q) = %v, want %v", text, ok, want)
		}
	}
	for text, want := range map[string]bool{" 12 ": true, "+3": true, "1.0": false, "2147483648": false, "1,0": false} {
		if _, ok := ParseInt(text); ok != want {
			t.Errorf("ParseInt(%q) = %v, want %v", text, ok, want)
		}
	}
}
