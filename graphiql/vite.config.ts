import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the GraphiQL page into dist/graphiql; src/graphiql-page.ts serves it at /graphiql/. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/graphiql/',
  plugins: [react()],
  resolve: {
    // Two copies of either would break `instanceof` checks in graphql and hooks in react.
    dedupe: ['graphql', 'react', 'react-dom'],
  },
  build: {
    outDir: resolve(import.meta.dirname, '../dist/graphiql'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    reportCompressedSize: false,
    // The code editor is one chunk of about 3 MB, loaded after the page itself is drawn.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      // GraphiQL's packages carry "use no memo" for a compiler that does not run here.
      onLog(level, log, report) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') {
          report(level, log);
        }
      },
    },
  },
});
