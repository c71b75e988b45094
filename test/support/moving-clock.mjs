// For `node --import`: the program's clock, as far ahead as a file says. Time in production moves by itself; here by the test.
import { readFileSync } from 'node:fs';

const file = process.env.TEST_CLOCK_FILE;
const read = () => Number(readFileSync(file, 'utf8'));
const real = Date.now.bind(Date);
let ahead = read();
setInterval(() => (ahead = read()), 50).unref();
Date.now = () => real() + ahead;
