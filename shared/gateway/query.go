package gateway

// Query is what the address says under that name after its question mark, or
// empty. It is read where a form asks with GET; a secret never comes this way.
func (r *Request) Query(name string) string { return r.query[name] }
