//go:build !unix

package clickhouse

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
