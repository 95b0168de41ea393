import { homes } from "./homes.contract.ts";
import { trickyContract } from "./tricky.contract.ts";

for (const [title, start] of homes) trickyContract(title, () => start({}));
