CREATE TABLE "descriptions" (
	"domain" text PRIMARY KEY NOT NULL,
	"body" text,
	"etag" text,
	"fetched_at" bigint,
	"tried_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "directory_state" (
	"domain" text PRIMARY KEY NOT NULL,
	"depth" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "evidence" (
	"name" "bytea" NOT NULL,
	"issuer" text NOT NULL,
	"holder" "bytea" NOT NULL,
	"jti" "bytea" NOT NULL,
	"digest" "bytea" NOT NULL,
	"domain" text NOT NULL,
	"issued_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"recheck_at" bigint DEFAULT 0 NOT NULL,
	"recheck_failures" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "evidence_name_issuer_pk" PRIMARY KEY("name","issuer")
);
--> statement-breakpoint
CREATE TABLE "holder_marks" (
	"name" "bytea" NOT NULL,
	"holder" "bytea" NOT NULL,
	"seq" bigint NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "holder_marks_name_holder_pk" PRIMARY KEY("name","holder")
);
--> statement-breakpoint
CREATE TABLE "issued" (
	"issuer" text NOT NULL,
	"jti_hash" "bytea" NOT NULL,
	"account" "bytea" NOT NULL,
	"octets" "bytea" NOT NULL,
	"expires_at" bigint NOT NULL,
	"withdrawn_at" bigint,
	CONSTRAINT "issued_issuer_jti_hash_pk" PRIMARY KEY("issuer","jti_hash")
);
--> statement-breakpoint
CREATE TABLE "issuer_marks" (
	"name" "bytea" NOT NULL,
	"issuer" text NOT NULL,
	"holder" "bytea" NOT NULL,
	"issued_at" bigint NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "issuer_marks_name_issuer_pk" PRIMARY KEY("name","issuer")
);
--> statement-breakpoint
CREATE TABLE "quotas" (
	"subject" "bytea" PRIMARY KEY NOT NULL,
	"tokens" double precision NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "records" (
	"name" "bytea" NOT NULL,
	"holder" "bytea" NOT NULL,
	"digest" "bytea" NOT NULL,
	"length" integer NOT NULL,
	"seq" bigint NOT NULL,
	"listed" integer NOT NULL,
	"deposited_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"key" text DEFAULT '' NOT NULL,
	CONSTRAINT "records_name_holder_pk" PRIMARY KEY("name","holder")
);
--> statement-breakpoint
CREATE TABLE "sealed" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"octets" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "uses" (
	"subject" "bytea" PRIMARY KEY NOT NULL,
	"remaining" integer NOT NULL,
	"until" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "withdrawn_attestations" (
	"issuer" text NOT NULL,
	"jti" "bytea" NOT NULL,
	"until" bigint NOT NULL,
	CONSTRAINT "withdrawn_attestations_issuer_jti_pk" PRIMARY KEY("issuer","jti")
);
--> statement-breakpoint
CREATE TABLE "bucket_leaves" (
	"era" bigint NOT NULL,
	"bucket" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"data" "bytea" NOT NULL,
	CONSTRAINT "bucket_leaves_era_bucket_epoch_pk" PRIMARY KEY("era","bucket","epoch")
);
--> statement-breakpoint
CREATE TABLE "checkpoints" (
	"size" bigint PRIMARY KEY NOT NULL,
	"signed" text NOT NULL,
	"proof" "bytea" NOT NULL,
	"published" text
);
--> statement-breakpoint
CREATE TABLE "config_texts" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"text" text NOT NULL,
	"first_epoch" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "entries" (
	"name" "bytea" NOT NULL,
	"holder" "bytea" NOT NULL,
	"from_epoch" bigint NOT NULL,
	"to_epoch" bigint,
	"digest" "bytea" NOT NULL,
	"length" integer NOT NULL,
	"leaf" "bytea" NOT NULL,
	CONSTRAINT "entries_name_holder_from_epoch_pk" PRIMARY KEY("name","holder","from_epoch")
);
--> statement-breakpoint
CREATE TABLE "epochs" (
	"epoch" bigint PRIMARY KEY NOT NULL,
	"leaf" "bytea" NOT NULL,
	"changes" "bytea" NOT NULL,
	"era" bigint NOT NULL,
	"records" bigint NOT NULL,
	"root" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "eras" (
	"era" bigint PRIMARY KEY NOT NULL,
	"depth" smallint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "history" (
	"era" bigint NOT NULL,
	"bucket" bigint NOT NULL,
	"n" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"name" "bytea" NOT NULL,
	"holder" "bytea" NOT NULL,
	"value" "bytea" NOT NULL,
	CONSTRAINT "history_era_bucket_n_pk" PRIMARY KEY("era","bucket","n")
);
--> statement-breakpoint
CREATE TABLE "log_head" (
	"domain" text PRIMARY KEY NOT NULL,
	"size" bigint NOT NULL,
	"published" bigint NOT NULL,
	"claimed_by" text NOT NULL,
	"claimed_until" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "log_nodes" (
	"level" smallint NOT NULL,
	"index" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "log_nodes_level_index_pk" PRIMARY KEY("level","index")
);
--> statement-breakpoint
CREATE TABLE "map_nodes" (
	"era" bigint NOT NULL,
	"level" smallint NOT NULL,
	"index" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "map_nodes_era_level_index_epoch_pk" PRIMARY KEY("era","level","index","epoch")
);
--> statement-breakpoint
CREATE TABLE "waiting" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"name" "bytea" NOT NULL,
	"gone" "bytea" NOT NULL,
	"holder" "bytea",
	"digest" "bytea",
	"length" integer,
	"epoch" bigint
);
--> statement-breakpoint
CREATE TABLE "witness_logs" (
	"witness" text NOT NULL,
	"origin" text NOT NULL,
	"size" bigint NOT NULL,
	"root" "bytea" NOT NULL,
	"note" text NOT NULL,
	"fork" text,
	"forked" text,
	CONSTRAINT "witness_logs_witness_origin_pk" PRIMARY KEY("witness","origin")
);
--> statement-breakpoint
CREATE INDEX "evidence_holder" ON "evidence" USING btree ("name","holder");--> statement-breakpoint
CREATE INDEX "evidence_jti" ON "evidence" USING btree ("issuer","jti");--> statement-breakpoint
CREATE INDEX "evidence_domain" ON "evidence" USING btree ("domain","recheck_at");--> statement-breakpoint
CREATE INDEX "evidence_recheck" ON "evidence" USING btree ("recheck_at");--> statement-breakpoint
CREATE INDEX "holder_marks_until" ON "holder_marks" USING btree ("until");--> statement-breakpoint
CREATE UNIQUE INDEX "issued_hash" ON "issued" USING btree ("jti_hash");--> statement-breakpoint
CREATE INDEX "issuer_marks_until" ON "issuer_marks" USING btree ("until");--> statement-breakpoint
CREATE INDEX "records_expires" ON "records" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "records_digest" ON "records" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "uses_until" ON "uses" USING btree ("until");--> statement-breakpoint
CREATE INDEX "withdrawn_attestations_until" ON "withdrawn_attestations" USING btree ("until");--> statement-breakpoint
CREATE INDEX "entries_digest" ON "entries" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "entries_to" ON "entries" USING btree ("to_epoch") WHERE to_epoch is not null;--> statement-breakpoint
CREATE INDEX "waiting_next" ON "waiting" USING btree ("id") WHERE epoch is null;--> statement-breakpoint
CREATE INDEX "waiting_name" ON "waiting" USING btree ("name");--> statement-breakpoint
CREATE INDEX "waiting_epoch" ON "waiting" USING btree ("epoch");