export {
  builtinKinds,
  type BuiltinResource,
  builtinResources,
  builtinSchemaNames,
  builtinSchemas,
  type BuiltinSubresource,
  builtinVersion,
  schemaFor,
} from "./builtin.ts";
