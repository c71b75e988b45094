CREATE TABLE "chain_accounts" (
	"chain" "bytea" NOT NULL,
	"service" text NOT NULL,
	"account" text NOT NULL,
	"place" text,
	"link" "bytea" NOT NULL,
	"seq" integer NOT NULL,
	"claimed_at" bigint NOT NULL,
	CONSTRAINT "chain_accounts_chain_service_account_pk" PRIMARY KEY("chain","service","account")
);
--> statement-breakpoint
CREATE TABLE "chain_links" (
	"chain" "bytea" NOT NULL,
	"seq" integer NOT NULL,
	"octets" "bytea" NOT NULL,
	"end_octets" integer NOT NULL,
	CONSTRAINT "chain_links_chain_seq_pk" PRIMARY KEY("chain","seq")
);
--> statement-breakpoint
CREATE TABLE "chains" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"name" "bytea" NOT NULL,
	"links" integer NOT NULL,
	"length" integer NOT NULL,
	"digest" "bytea" NOT NULL,
	"tip" "bytea" NOT NULL,
	"ended" smallint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "chain_accounts_account" ON "chain_accounts" USING btree ("service","account","chain");--> statement-breakpoint
CREATE INDEX "chains_name" ON "chains" USING btree ("name");