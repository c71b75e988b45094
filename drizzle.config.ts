import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/server/store/schema.ts',
    './src/server/store/log-schema.ts',
    './src/server/store/chain-schema.ts',
    './src/server/store/account-schema.ts',
    './src/server/store/conversation-schema.ts',
    './src/server/store/witness-schema.ts',
    './src/server/store/resolver-schema.ts',
  ],
  out: './drizzle',
});
