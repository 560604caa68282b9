// Package dirlock keeps two processes out of one directory: a path goes in, a lock that ends with the process comes out.
package dirlock

import "errors"

// ErrLocked says that another process, or another part of this one, has the directory.
var ErrLocked = errors.New("the directory is in use")

// name is the file in the directory that carries the lock. It stays there, empty.
const name = "lock"
