package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// motoProgram serves moto on the socket it is given. Requests wait in the socket's
// queue until it is up, and no port can be lost to somebody else between choosing
// and taking it. All its user pools sign with one key of its own, which it reads and
// checks anew for each, a third of a second long: here once.
const motoProgram = `
import sys, types
from moto.cognitoidp import models
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

key = models.jwk.RSAKey.import_key(models.load_resource("cognitoidp/resources/jwks-private.json"))
models.jwk = types.SimpleNamespace(RSAKey=types.SimpleNamespace(import_key=lambda _: key))
make_server("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app),
            threaded=True, request_handler=MotoRequestHandler, fd=3).serve_forever()
`

// Moto starts moto, which plays Cognito and SES, from what make tools has
// installed.
func Moto(ctx context.Context) (*Emulator, error) {
	python, err := tool("moto", "moto", "bin", "python")
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	address := listener.Addr().(*net.TCPAddr)
	socket, err := listener.File()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	e, err := start(socket, python, "-c", motoProgram, fmt.Sprint(address.Port))
	// The program has its own; were ours open still, a dead one would leave whoever
	// asks it waiting.
	if err = errors.Join(err, socket.Close(), listener.Close()); err != nil {
		return nil, fmt.Errorf("start moto: %w", err)
	}
	e.URL = "http://" + address.String()
	if err := e.await(ctx); err != nil {
		e.Close()
		return nil, fmt.Errorf("start moto: %w", err)
	}
	return e, nil
}
