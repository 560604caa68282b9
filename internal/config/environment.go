package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Variable is the name of the environment variable that sets a key: "collector.receive.samples" is
// EARSHOT_COLLECTOR_RECEIVE_SAMPLES with the prefix EARSHOT.
func Variable(prefix, path string) string {
	return prefix + "_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// fileSuffix makes the variable of a secret name a file that holds it.
const fileSuffix = "_FILE"

// kubernetes matches what Kubernetes puts into the environment of every pod for a service that is called like a section.
var kubernetes = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// Environment lays what variables say over dst, a pointer to a struct with YAML tags. environ is as os.Environ gives it. It
// returns the paths of the keys that were set. A variable that begins like one of a section but is none is an error, since it
// would be ignored otherwise.
func Environment(prefix string, environ []string, dst any) ([]string, error) {
	values := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, prefix+"_") {
			values[name] = value
		}
	}
	var set []string
	sections := map[string]bool{}
	for _, k := range Keys(dst) {
		if k.InList() {
			continue
		}
		section, _, nested := strings.Cut(k.Path, ".")
		if nested {
			sections[Variable(prefix, section)+"_"] = true
		}
		name := Variable(prefix, k.Path)
		value, ok := values[name]
		delete(values, name)
		if file, named := values[name+fileSuffix]; named && k.Secret {
			delete(values, name+fileSuffix)
			if ok {
				return nil, fmt.Errorf("%s and %s are both set; keep one", name, name+fileSuffix)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name+fileSuffix, err)
			}
			value, ok = strings.TrimRight(string(text), "\r\n"), true
		}
		if !ok {
			continue
		}
		if err := assign(k.value, value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		set = append(set, k.Path)
	}
	return set, leftOver(values, sections)
}

func leftOver(values map[string]string, sections map[string]bool) error {
	var names []string
	for name := range values {
		for s := range sections {
			if strings.HasPrefix(name, s) && !kubernetes.MatchString(name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	sort.Strings(names)
	return fmt.Errorf("%s is set, but there is no such key; correct its name (`earshot config docs` lists them all) or unset it", names[0])
}

// assign sets v from text. The text is not in the error: it may be a secret.
func assign(v reflect.Value, text string) error {
	t := v.Type()
	switch {
	case t == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("is not a duration; give one such as 30s or 5m")
		}
		v.SetInt(int64(d))
	case t.Kind() == reflect.String:
		v.SetString(text)
	case t.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("is neither true nor false")
		}
		v.SetBool(b)
	case v.CanInt():
		n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, t.Bits())
		if err != nil {
			return fmt.Errorf("is not a whole number, or too large")
		}
		v.SetInt(n)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String && !strings.HasPrefix(strings.TrimSpace(text), "["):
		v.Set(reflect.MakeSlice(t, 0, 1))
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				v.Set(reflect.Append(v, reflect.ValueOf(item).Convert(t.Elem())))
			}
		}
	default: // unsigned and broken numbers, lists of lists, maps: as YAML has them
		fresh := reflect.New(t)
		if err := Decode("value", []byte(text), fresh.Interface()); err != nil {
			return fmt.Errorf("is not a %s; write it as in the file, on one line", typeName(t))
		}
		v.Set(fresh.Elem())
	}
	return nil
}

// Sets says whether one of the paths lies in a section.
func Sets(paths []string, section string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, section+".") })
}
