/** Whether suites run as large as they are meant (WHEREABOUTS_TEST_LONG=1), rather than as fits into a quarter of an hour. */
export const IS_LONG = process.env['WHEREABOUTS_TEST_LONG'] === '1';
