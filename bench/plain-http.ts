// HTTP/1.1 spoken plainly, one request after the other on one connection: a load that takes as little as it can of the machine it shares
// with what is measured. For servers that say how long their answers are.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface PlainConnection {
  /** Status of the answer; its body is read to the end and left. */
  send(head: string, body: string): Promise<number>;
  close(): void;
}

export async function connectPlainly(port: number): Promise<PlainConnection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let answer: PromiseWithResolvers<number> | undefined;
  let [status, left] = [0, 0];
  let head = '';
  const settle = () => {
    answer?.resolve(status);
    answer = undefined;
  };
  socket.on('data', (data) => {
    if (left > 0) {
      left -= data.length;
      if (left === 0) settle();
      return;
    }
    head += data.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    status = Number(head.slice(9, 12));
    left = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1]) - (head.length - end - 4);
    head = '';
    if (left === 0) settle();
  });
  const fail = () => answer?.reject(new Error('the connection ended'));
  socket.on('error', fail).on('close', fail);
  return {
    send: (request, body) => {
      answer = Promise.withResolvers();
      const { promise } = answer;
      socket.write(
        `${request}\r\nhost: directory.example\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      return promise;
    },
    close: () => socket.destroy(),
  };
}
