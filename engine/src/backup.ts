// Wires `keelson backup` and `keelson restore`: the store of a data folder as one file, with the folder's keys when asked for.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BackupRequest, RestoreRequest, StoreReport } from "#cli";
import { Fault } from "#kernel";
import { backUpStore, readBackup, readTexts, restoreStore, type StoreFaultCode, writeTexts } from "#store";

const keyFile = "encryption.key";

/** Secrets stay as they are stored: sealed. Without the keys the file alone opens none of them. */
export async function backUp({ dataFolder, file, withKeys }: BackupRequest): Promise<StoreReport> {
  const folder = join(dataFolder, "store");
  if (!existsSync(folder))
    throw new Fault<StoreFaultCode>({
      code: "store-unreadable",
      disposition: "stall",
      at: dataFolder,
      message: "there is no control plane's data here",
      hint: "name the data folder of `keelson up` with --data DIR",
    });
  const keys = withKeys ? { files: readTexts(join(dataFolder, "pki")) } : {};
  return { ...(await backUpStore({ folder, file, ...keys })), hasKeys: withKeys };
}

export async function restore({ dataFolder, file }: RestoreRequest): Promise<StoreReport> {
  const backup = readBackup(file);
  const pki = join(dataFolder, "pki");
  const { files } = backup.head;
  const hasKeys = files !== undefined && Object.keys(files).length > 0;
  const isSealed = backup.records.some(({ key }) => key.startsWith("core/secrets/"));
  if (isSealed && !hasKeys && !existsSync(join(pki, keyFile)))
    throw new Fault<StoreFaultCode>({
      code: "backup-unreadable",
      disposition: "stall",
      at: file,
      message: "the backup holds sealed Secrets, and the key that opens them is not here",
      hint: `copy pki/${keyFile} of the old data folder to ${join(pki, keyFile)} first, or take the backup with --with-keys`,
    });
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const report = await restoreStore(join(dataFolder, "store"), backup);
  if (hasKeys) writeTexts(pki, files);
  return { ...report, hasKeys };
}
