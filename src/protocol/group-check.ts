// Does a back end compute what RFC 9497 says, and what another one does? Asked before it is trusted with a key; slow enough to ask once.
import { WhereaboutsError } from './errors.ts';
import type { Group } from './group.ts';
import { deriveKeyPair, evaluate } from './oprf.ts';
import { equalOctets, parseHex, utf8 } from './wire.ts';

// RFC 9497 appendix A.1.2, test vector 1.
const RFC = {
  seed: 'a3'.repeat(32),
  info: utf8('test key'),
  secret: 'e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909',
  blinded: '863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945',
  evaluated: 'aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e',
  nonce: '222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e',
  proof:
    'ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd066d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d',
};

/** Throws `internal-error` where `group` differs from the RFC's vectors or from `oracle`. */
export function verifyGroup(group: Group, oracle: Group): void {
  const same = (a: Uint8Array, b: Uint8Array): void => {
    if (!equalOctets(a, b)) throw new WhereaboutsError('internal-error', `${group.name} computes something else`);
  };
  const key = deriveKeyPair(group, parseHex(RFC.seed, 32), RFC.info);
  same(key.secret, parseHex(RFC.secret, 32));
  // 64 octets that reduce to the vector's nonce.
  const nonce = () => Uint8Array.from([...parseHex(RFC.nonce, 32), ...new Uint8Array(32)]);
  const { evaluated, proof } = evaluate(group, key, [parseHex(RFC.blinded, 32)], nonce);
  same(evaluated[0] ?? proof, parseHex(RFC.evaluated, 32));
  same(proof, parseHex(RFC.proof, 64));

  const wide = group.sha512(utf8('whereabouts'));
  same(wide, oracle.sha512(utf8('whereabouts')));
  const [scalar, point] = [group.scalar.reduce(wide), group.fromHash(wide)];
  same(scalar, oracle.scalar.reduce(wide));
  same(point, oracle.fromHash(wide));
  same(
    group.msm([scalar, key.secret], [point, key.publicKey]),
    oracle.msm([scalar, key.secret], [point, key.publicKey]),
  );
  same(group.add(point, key.publicKey), oracle.add(point, key.publicKey));
  same(group.scalar.inv(scalar), oracle.scalar.inv(scalar));
  same(group.scalar.sub(scalar, key.secret), oracle.scalar.sub(scalar, key.secret));
}
