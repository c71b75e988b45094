// The fault table (§6.3): every write of an epoch fails, fails once it is done, hangs, or takes the process with it. After each,
// another instance starts: the whole state is sound, nothing accepted is lost, the log goes on, an auditor replays it from
// epoch 0, every witness follows, and nobody ever saw two checkpoints of one size.
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Break } from '../../support/postgres-proxy.ts';
import { createFaultWorld, readyChild, type FaultWorld } from './fault-world.ts';
import type { Instance } from './fault-instance.ts';
import { IS_LONG } from '../../support/long.ts';

const HOWS = ['fails', 'done', 'hangs', 'killed', 'killed once done'] as const;
type How = (typeof HOWS)[number];
const TITLES: Readonly<Record<How, string>> = {
  fails: 'fails',
  done: 'fails once done',
  hangs: 'hangs',
  killed: 'killed before',
  'killed once done': 'killed once done',
};

interface Cell {
  readonly how: How;
  readonly world: FaultWorld;
  readonly victim: Instance & { kill?: () => void };
}

/** What the way to the database, or a witness, does; the process is killed when it does it. */
const breakOf = ({ how, victim: { kill } }: Cell): { break: Break; after?: () => void } => ({
  break: how === 'killed' ? 'fails' : how === 'killed once done' ? 'done' : how,
  ...(kill === undefined ? {} : { after: kill }),
});

/** Where it happens; each resolves once it has. */
const POINTS: Readonly<Record<string, (cell: Cell) => Promise<void>>> = {
  'database write': (cell) => cell.world.proxy.set({ texts: ['insert into "epochs"'], ...breakOf(cell) }),
  commit: (cell) => cell.world.proxy.set({ texts: ['insert into "epochs"', 'commit'], ...breakOf(cell) }),
  witness: async (cell) => cell.world.witness?.set(breakOf(cell)),
  publish: (cell) => cell.world.proxy.set({ texts: ['update "log_head" set "published"', 'commit'], ...breakOf(cell) }),
  'outside copy': ({ how, victim }) => victim.breakCopy(how),
};

/** A process takes seconds to start: the suite has the kill that leaves most behind, WHEREABOUTS_TEST_LONG=1 has both. */
const KILL: Readonly<Record<string, How>> = { 'database write': 'killed' };
const isChosen = (point: string, how: How): boolean =>
  IS_LONG || !isKilled(how) || how === (KILL[point] ?? 'killed once done');

const isKilled = (how: How): boolean => how.startsWith('killed');
/** Others need not wait until it gives up. */
const isLeft = (point: string, how: How): boolean => how === 'hangs' && !['witness', 'outside copy'].includes(point);
/** Longer than an instance keeps others away from its work (advance.ts). */
const CLAIM = 5_000;

describe('the fault table', () => {
  let world: FaultWorld;
  const children: Promise<ChildProcess>[] = [];
  const table: Record<string, Record<string, string>> = {};
  beforeAll(async () => {
    world = await createFaultWorld();
    children.push(readyChild());
  });
  afterAll(async () => {
    for (const child of children) (await child).kill('SIGKILL');
    await world.close();
    console.table(table);
    expect(Object.values(table).flatMap((row) => Object.values(row)).length).toBe(IS_LONG ? 25 : 20);
  });

  const CELLS = Object.keys(POINTS).flatMap((point) =>
    HOWS.filter((how) => isChosen(point, how)).map((how) => ({ point, how, title: TITLES[how] })),
  );
  test.each(CELLS)('$point $title', async ({ point, how }) => {
    const child = isKilled(how) ? await world.start(children.shift() ?? readyChild()) : undefined;
    const left = CELLS.slice(CELLS.findIndex((cell) => cell.point === point && cell.how === how) + 1);
    if (isKilled(how) && left.some((cell) => isKilled(cell.how))) children.push(readyChild());
    const local = child === undefined ? await world.open(false) : undefined;
    const victim = child ?? local;
    if (victim === undefined) throw new Error('no instance');
    expect(await victim.deposit(await world.make()), 'before').toBe('201');

    // It happens while this deposit is on its way into an epoch.
    const made = await world.make();
    const happened = POINTS[point]?.({ how, world, victim });
    if (point === 'outside copy' && child !== undefined) await happened;
    const answer = victim.deposit(made);
    await (child === undefined ? happened : child.ended());
    const told = isKilled(how) || isLeft(point, how) ? undefined : await answer;
    // Who lives on gets there by himself: the next step begins where this one left.
    if (told !== undefined) expect(told, 'meanwhile').toBe('201');
    // Told before the copy was written: it is given up, and that is logged.
    if (point === 'outside copy' && how === 'hangs')
      expect(local?.directory.log).toContainEqual(
        expect.objectContaining({
          event: 'checkpoint-unwritten',
          fields: expect.objectContaining({ late: true }) as object,
        }),
      );

    // Another instance starts. What was accepted is in force, whether anybody was told or not.
    world.time.now += CLAIM;
    const next = await world.open(true);
    const again = await next.deposit(made);
    expect(again, 'once more').toBe('200');
    await world.check(next);
    expect(await next.deposit(await world.make()), 'one more').toBe('201');
    const size = await world.check(next);
    await world.expectNewest(size);

    // Who hung wakes up, and does no harm.
    world.proxy.release();
    const late = isLeft(point, how) ? await answer : undefined;
    if (late !== undefined) expect(late, 'late').toBe('201');
    await next.directory.step();
    expect(await world.check(next)).toBe(size);
    await local?.close();
    await next.close();
    (table[point] ??= {})[TITLES[how]] = `${told ?? late ?? 'no answer'}, then ${again}; ${size} epochs`;
  });
});
