package clickhouse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// part encodes flat values of one scalar type.
type part struct {
	dictionary bool // a LowCardinality column, whose data has a version before it
	write      func(b *proto.Buffer)
}

func (p part) state(b *proto.Buffer) {
	if p.dictionary {
		b.PutInt64(1)
	}
}

// encode writes nothing for no values, as the format wants it of dictionaries.
func (p part) encode(b *proto.Buffer) { p.write(b) }

// newPart chooses the encoding of values for the server's type.
func newPart(typ string, values any) (part, error) {
	if elem, ok := argument(typ, "LowCardinality"); ok {
		if v, ok := values.([]string); ok && elem == "String" {
			return part{dictionary: true, write: func(b *proto.Buffer) { writeDictionary(b, v) }}, nil
		}
		return part{}, misfit(typ, values)
	}
	base, arguments, _ := strings.Cut(typ, "(")
	switch v := values.(type) {
	case []string:
		switch base {
		case "String":
			return part{write: func(b *proto.Buffer) { writeStrings(b, v) }}, nil
		case "Enum8", "Enum16":
			return enumPart(typ, base, v)
		}
	case []time.Time:
		switch base {
		case "DateTime":
			return part{write: func(b *proto.Buffer) { writeSeconds(b, v) }}, nil
		case "DateTime64":
			precision, err := strconv.Atoi(strings.TrimRight(strings.SplitN(arguments, ",", 2)[0], ") "))
			if err != nil || precision < 0 || precision > 9 {
				return part{}, fmt.Errorf("unreadable type %s", typ)
			}
			return part{write: func(b *proto.Buffer) { writeTicks(b, v, precision) }}, nil
		}
	case []bool:
		if base == "Bool" || base == "UInt8" {
			return part{write: func(b *proto.Buffer) { writeBools(b, v) }}, nil
		}
	case []uint8:
		if base == "UInt8" || base == "Bool" {
			return part{write: func(b *proto.Buffer) { b.PutRaw(v) }}, nil
		}
	default:
		if fits(base, values) {
			return part{write: func(b *proto.Buffer) { writeFixed(b, values) }}, nil
		}
	}
	return part{}, misfit(typ, values)
}

// errMisfit marks errors that say that the table is not as the caller thinks.
var errMisfit = errors.New("the table is of another kind")

func misfit(typ string, values any) error {
	return fmt.Errorf("values of type %T do not fit the table's type %s: %w", values, typ, errMisfit)
}

// fits tells whether a slice of numbers has the memory layout of the type.
func fits(base string, values any) bool {
	switch values.(type) {
	case []int8:
		return base == "Int8" || base == "Enum8"
	case []int16:
		return base == "Int16" || base == "Enum16"
	case []int32:
		return base == "Int32"
	case []int64:
		return base == "Int64" || base == "DateTime64"
	case []uint16:
		return base == "UInt16"
	case []uint32:
		return base == "UInt32" || base == "DateTime"
	case []uint64:
		return base == "UInt64"
	case []float32:
		return base == "Float32"
	case []float64:
		return base == "Float64"
	default:
		return false
	}
}

func writeFixed(b *proto.Buffer, values any) {
	// For slices of numbers Append has a fast path and cannot fail.
	b.Buf, _ = binary.Append(b.Buf, binary.LittleEndian, values)
}

func writeStrings(b *proto.Buffer, v []string) {
	for _, s := range v {
		b.PutString(s)
	}
}

func writeBools(b *proto.Buffer, v []bool) {
	for _, x := range v {
		b.PutBool(x)
	}
}

func writeSeconds(b *proto.Buffer, v []time.Time) {
	for _, t := range v {
		b.PutUInt32(uint32(t.Unix()))
	}
}

func writeTicks(b *proto.Buffer, v []time.Time, precision int) {
	perSecond := int64(math.Pow10(precision))
	nanos := int64(math.Pow10(9 - precision))
	for _, t := range v {
		ticks := int64(0) // the zero time is the column's zero, not a date before the calendar
		if !t.IsZero() {
			ticks = t.Unix()*perSecond + int64(t.Nanosecond())/nanos
		}
		b.PutInt64(ticks)
	}
}

// enumPart reads the names and numbers of a type such as Enum8('client' = 1, 'sfu' = 2).
func enumPart(typ, base string, v []string) (part, error) {
	numbers, err := enumNumbers(typ)
	if err != nil {
		return part{}, err
	}
	codes := make([]int16, len(v))
	for i, name := range v {
		if i > 0 && name == v[i-1] {
			codes[i] = codes[i-1]
			continue
		}
		code, ok := numbers[name]
		if !ok {
			return part{}, fmt.Errorf("%q is no value of %s (row %d)", name, typ, i)
		}
		codes[i] = code
	}
	return part{write: func(b *proto.Buffer) {
		for _, code := range codes {
			if base == "Enum8" {
				b.PutInt8(int8(code))
			} else {
				b.PutInt16(code)
			}
		}
	}}, nil
}

func enumNumbers(typ string) (map[string]int16, error) {
	_, list, _ := strings.Cut(typ, "(")
	list = strings.TrimSuffix(list, ")")
	numbers := map[string]int16{}
	for list != "" {
		// 'name' = number, with \' and \\ inside the name
		var name strings.Builder
		i := 1
		for ; i < len(list) && list[i] != '\''; i++ {
			if list[i] == '\\' && i+1 < len(list) {
				i++
			}
			name.WriteByte(list[i])
		}
		if i >= len(list) {
			return nil, fmt.Errorf("unreadable type %s", typ)
		}
		number, rest, _ := strings.Cut(strings.TrimLeft(list[i+1:], " ="), ",")
		code, err := strconv.ParseInt(strings.TrimSpace(number), 10, 16)
		if err != nil {
			return nil, fmt.Errorf("unreadable type %s: %w", typ, err)
		}
		numbers[name.String()] = int16(code)
		list = strings.TrimSpace(rest)
	}
	return numbers, nil
}

// writeDictionary writes a LowCardinality(String) column: the distinct values, then the number of each row's value, in the
// smallest integer that holds the numbers. The first value is the type's default, as the server does it itself.
func writeDictionary(b *proto.Buffer, v []string) {
	if len(v) == 0 {
		return
	}
	const (
		hasAdditionalKeys = 1 << 9
		needUpdate        = 1 << 10
	)
	numbers := map[string]uint32{"": 0}
	distinct := []string{""}
	keys := make([]uint32, len(v))
	for i, s := range v {
		if i > 0 && s == v[i-1] {
			keys[i] = keys[i-1]
			continue
		}
		n, ok := numbers[s]
		if !ok {
			n = uint32(len(distinct))
			numbers[s] = n
			distinct = append(distinct, s)
		}
		keys[i] = n
	}
	width := int64(0)
	switch {
	case len(distinct) > 1<<16:
		width = 2
	case len(distinct) > 1<<8:
		width = 1
	}
	b.PutInt64(hasAdditionalKeys | needUpdate | width)
	b.PutInt64(int64(len(distinct)))
	writeStrings(b, distinct)
	b.PutInt64(int64(len(keys)))
	for _, k := range keys {
		switch width {
		case 0:
			b.PutUInt8(uint8(k))
		case 1:
			b.PutUInt16(uint16(k))
		default:
			b.PutUInt32(k)
		}
	}
}
