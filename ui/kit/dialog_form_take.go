package kit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// What rows of a form commonly ask for: each function makes a row's take out of what is
// done with the value.

func Word[T any](set func(*T, string)) func(*T, string) error {
	return func(into *T, text string) error {
		set(into, text)
		return nil
	}
}

var NoYes = []string{"no", "yes"}

// Yes is for rows whose words are noYes.
func Yes[T any](set func(*T, bool)) func(*T, string) error {
	return Word(func(into *T, text string) { set(into, text == "yes") })
}

func YesText(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func Whole[T any](set func(*T, int)) func(*T, string) error {
	return func(into *T, text string) error {
		n, err := strconv.Atoi(strings.ReplaceAll(text, ",", "")) // as numbers are shown
		if err != nil {
			return fmt.Errorf("not a whole number")
		}
		set(into, n)
		return nil
	}
}

func Decimal[T any](parse func(string) (float64, error), set func(*T, float64)) func(*T, string) error {
	return func(into *T, text string) error {
		v, err := parse(text)
		if err == nil {
			set(into, v)
		}
		return err
	}
}

// Optional leaves a setting as it is where nothing is said.
func Optional[T any](take func(*T, string) error) func(*T, string) error {
	return func(into *T, text string) error {
		if text == "" {
			return nil
		}
		return take(into, text)
	}
}

func ParseReal(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("not a number")
	}
	return v, nil
}

// ParseEpsilon parses a number, or a quotient such as 8/255.
func ParseEpsilon(text string) (float64, error) { return ParseFraction(text, ParseReal) }

// ParseFraction parses a number, or a quotient such as 8/255, with parse for each number.
func ParseFraction(text string, parse func(string) (float64, error)) (float64, error) {
	above, below, divided := strings.Cut(text, "/")
	v, err := parse(above)
	if err != nil {
		return 0, err
	}
	if divided {
		d, err := parse(below)
		switch {
		case err != nil:
			return 0, err
		case d == 0:
			return 0, fmt.Errorf("division by 0")
		}
		v /= d
	}
	if math.IsNaN(v) {
		return 0, fmt.Errorf("not a number")
	}
	return v, nil
}

func ParseWholes(text string) (list []int, err error) {
	if text == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			return nil, fmt.Errorf("not a list of whole numbers")
		}
		list = append(list, n)
	}
	return list, nil
}
