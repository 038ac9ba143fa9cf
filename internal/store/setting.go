package store

import "fmt"

func settingKey(name string) string { return "setting\x00" + name }

// Setting reads a server-wide value; "" when it was never set.
func (t *Tx) Setting(name string) (string, error) {
	if known, ok := t.recall(settingKey(name)); ok {
		return known.(string), nil
	}
	var v string
	if _, err := t.QueryRow([]any{&v}, "select value from setting where name = $1", name); err != nil {
		return "", fmt.Errorf("reading the setting %s: %w", name, err)
	}
	t.remember(settingKey(name), "", v, len(v))
	return v, nil
}

// SetSetting changes a server-wide value.
func (t *Tx) SetSetting(name, value string) error {
	_, err := t.writeSetting(name, "insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value", value)
	return err
}

// SwapSetting changes a server-wide value if it still is as it was, "" being
// one that was never set, and reports whether it was.
func (t *Tx) SwapSetting(name, before, value string) (bool, error) {
	if before == "" {
		return t.writeSetting(name, "insert into setting (name, value) values ($1, $2) on conflict (name) do nothing", value)
	}
	return t.writeSetting(name, "update setting set value = $2 where name = $1 and value = $3", value, before)
}

// RemoveSetting forgets a server-wide value.
func (t *Tx) RemoveSetting(name string) error {
	_, err := t.writeSetting(name, "delete from setting where name = $1")
	return err
}

// writeSetting runs a statement about one setting and reports whether it has
// changed it.
func (t *Tx) writeSetting(name, text string, more ...any) (bool, error) {
	t.changed(settingKey(name), "", nil)
	n, err := t.exec(text, append([]any{name}, more...)...)
	if err != nil {
		return false, fmt.Errorf("changing the setting %s: %w", name, err)
	}
	return n > 0, nil
}
