import { flagsContract } from "./flags.contract.ts";
import { homes } from "./homes.contract.ts";

for (const [title, start] of homes) flagsContract(title, start);
