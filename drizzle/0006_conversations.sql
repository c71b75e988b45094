CREATE TABLE "conversation_beats" (
	"conversation" "bytea" NOT NULL,
	"bridge" text NOT NULL,
	"since_at" bigint NOT NULL,
	"last_at" bigint NOT NULL,
	CONSTRAINT "conversation_beats_conversation_bridge_pk" PRIMARY KEY("conversation","bridge")
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"id" "bytea" PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL,
	"opener" text NOT NULL,
	"members" text NOT NULL,
	"inputs" text NOT NULL,
	"plan" text NOT NULL,
	"previous" text,
	"operators" text NOT NULL,
	"request" "bytea" NOT NULL,
	"held_until" bigint NOT NULL,
	"due_at" bigint NOT NULL,
	"until_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "conversations_opener" ON "conversations" USING btree ("opener","until_at");--> statement-breakpoint
CREATE INDEX "conversations_until" ON "conversations" USING btree ("until_at");