// Builds GraphiQL into `../dist`: content-hashed files under `assets/` and `manifest.json`, which names the two that the page
// loads. The same sources and lock file always give the same bytes.

import { build } from 'esbuild';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '..', 'dist');

// GraphiQL's style sheet carries its fonts as `data:` URLs, which `font-src 'self'` refuses; they are also most of its size.
// `page.css` names the system's fonts instead.
const withoutEmbeddedFonts = {
  name: 'without-embedded-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/graphiql\/dist\/style\.css$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace(/@font-face\s*\{[^}]*\}/g, ''), loader: 'css' };
    });
  },
};

// Everything but the file that keeps the folder in the repository.
async function emptyDist() {
  await mkdir(dist, { recursive: true });
  for (const name of await readdir(dist)) {
    if (name !== '.gitignore') await rm(join(dist, name), { recursive: true });
  }
}

await emptyDist();
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: 'src/main.jsx' },
  outdir: join(dist, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  // Without the licences' texts the bundle may not be passed on; one file holds them all.
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
  // Radix locks the page's scrolling through this package, which adds a <style> element; ours does the same with a
  // constructed style sheet, which `style-src 'self'` allows.
  alias: { 'react-style-singleton': './src/constructed-style.js' },
  plugins: [withoutEmbeddedFonts],
  metafile: true,
  logLevel: 'warning',
});

const [[script, output]] = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint === 'src/main.jsx');
const manifest = { script: basename(script), style: basename(output.cssBundle) };
await writeFile(join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
