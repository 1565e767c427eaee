import type { FileFacts } from "./parquet-index.ts";
import type { Split } from "./split.ts";

/** One tar with its Parquet index; `dataset/shards/NAME.json` commits the pair. */
export interface PublishedShard {
  readonly name: string;
  readonly split: Split;
  readonly fingerprint: string;
  readonly samples: number;
  readonly tar: FileFacts;
  readonly index: FileFacts;
}
