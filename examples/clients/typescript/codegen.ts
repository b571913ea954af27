import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // What `toolcrib schema print` printed.
  schema: 'schema.graphql',
  documents: ['src/*.ts'],
  // As Node resolves modules; leave it out where a bundler does.
  importExtension: '.js',
  emitLegacyCommonJSImports: false,
  generates: {
    'src/generated/': {
      preset: 'client',
      config: {
        // Numbers beyond a double's precision are strings on the wire, so that nothing rounds them on the way.
        scalars: {
          BigInt: 'string',
          Date: 'string',
          DateTime: 'string',
          Decimal: 'string',
          Email: 'string',
          JSON: 'unknown',
          URL: 'string',
        },
        // A scalar that the list above lacks is a mistake, not `any`.
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
