BEGIN TRANSACTION;
CREATE TABLE contexts (
	id VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	paper TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "contexts" VALUES('d80b2e1799996d6dbebfc144880b530c','classification','[100.0, 2.0, 1.0, 0.5, 0.5, 1.0, 80.0, 20.0, 0.25, 0.6, 4.0, 8.0, 3.5, 31.0, 0.0]','{"system": {"bfloat16": false, "compute_capability": null, "device": "cpu", "gpu_count": 0, "gpu_memory_gib": 0.0, "gpu_name": null, "hostname_hash": "", "memory_gib": 31.0, "paper": [4.0, 8.0, 3.5, 31.0, 0.0], "tflops": null, "version": 1}, "task": {"extra": {"tokens_p99": 61.0}, "kind": "classification", "paper": [100.0, 2.0, 1.0, 0.5, 0.5, 1.0, 80.0, 20.0, 0.25, 0.6], "semantic": null, "version": 1}}');
CREATE TABLE experiences (
	id VARCHAR(32) NOT NULL, 
	context_id VARCHAR(32) NOT NULL, 
	task_name TEXT NOT NULL, 
	space TEXT NOT NULL, 
	config TEXT NOT NULL, 
	model TEXT NOT NULL, 
	method TEXT NOT NULL, 
	fidelity FLOAT NOT NULL, 
	metric TEXT NOT NULL, 
	score FLOAT, 
	seconds FLOAT, 
	failure VARCHAR(32), 
	created_at TEXT NOT NULL, 
	source TEXT NOT NULL, 
	study TEXT NOT NULL, 
	trial INTEGER, 
	fingerprint TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(context_id) REFERENCES contexts (id)
);
INSERT INTO "experiences" VALUES('d6e5242765bba9b73931884007db2d87','d80b2e1799996d6dbebfc144880b530c','reviews','xautolm-nb/1','{"class_weights": true, "epochs": 1, "learning_rate": 0.0001, "method": "lora", "model": "tiny"}','tiny','lora',1.0,'f1',0.75,12.5,NULL,'2025-01-01T00:00:01+00:00','test','golden',0,'ffffffffffffffffffffffffffffffff','{"config": {"class_weights": true, "epochs": 1, "learning_rate": 0.0001, "method": "lora", "model": "tiny"}, "created_at": "2025-01-01T00:00:01+00:00", "curve": [{"fidelity": 0.5, "loss": 0.7, "metrics": {"accuracy": 0.65}, "score": 0.6, "seconds": 5.0, "step": 10}, {"fidelity": 1.0, "loss": 0.4, "metrics": {"accuracy": 0.8}, "score": 0.75, "seconds": 11.0, "step": 20}], "failure": null, "fidelity": 1.0, "fingerprint": "ffffffffffffffffffffffffffffffff", "measures": {"energy_kwh": null, "energy_source": "unknown", "peak_memory_gib": null, "seconds_eval": 0.0, "seconds_load": 0.0, "seconds_train": 0.0, "steps": 0, "tokens": 0}, "metric": {"maximize": true, "name": "f1"}, "model": null, "score": 0.75, "seconds": 12.5, "seed": 3, "source": "test", "space": "xautolm-nb/1", "study": "golden", "task_name": "reviews", "trial": 0, "versions": {"torch": "2.9"}}');
INSERT INTO "experiences" VALUES('faf51ba14f72497efa57aa8f8919237f','d80b2e1799996d6dbebfc144880b530c','reviews','xautolm-nb/1','{"class_weights": true, "epochs": 0, "learning_rate": 0.0001, "method": "lora", "model": "tiny"}','tiny','lora',1.0,'f1',NULL,NULL,'out_of_memory','2025-01-02T00:00:00+00:00','test','',NULL,'','{"config": {"class_weights": true, "epochs": 0, "learning_rate": 0.0001, "method": "lora", "model": "tiny"}, "created_at": "2025-01-02T00:00:00+00:00", "curve": [], "failure": {"detail": "", "kind": "out_of_memory", "message": "no memory left"}, "fidelity": 1.0, "fingerprint": "", "measures": {"energy_kwh": null, "energy_source": "unknown", "peak_memory_gib": null, "seconds_eval": 0.0, "seconds_load": 0.0, "seconds_train": 0.0, "steps": 0, "tokens": 0}, "metric": {"maximize": true, "name": "f1"}, "model": null, "score": null, "seconds": null, "seed": null, "source": "test", "space": "xautolm-nb/1", "study": "", "task_name": "reviews", "trial": null, "versions": {}}');
CREATE TABLE meta (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','1');
CREATE TABLE rungs (
	study_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	fidelity FLOAT NOT NULL, 
	score FLOAT NOT NULL, 
	seconds FLOAT NOT NULL, 
	step INTEGER NOT NULL, 
	loss FLOAT, 
	PRIMARY KEY (study_id, number, position), 
	FOREIGN KEY(study_id, number) REFERENCES trials (study_id, number) ON DELETE CASCADE
);
INSERT INTO "rungs" VALUES('golden',0,0,0.5,0.6,5.0,10,0.7);
INSERT INTO "rungs" VALUES('golden',0,1,1.0,0.75,11.0,20,0.4);
INSERT INTO "rungs" VALUES('golden',1,0,0.5,0.6,5.0,10,0.7);
CREATE TABLE studies (
	id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	control VARCHAR(16) NOT NULL, 
	owner TEXT, 
	heartbeat FLOAT NOT NULL, 
	spent_seconds FLOAT NOT NULL, 
	budget_seconds FLOAT NOT NULL, 
	created_at TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "studies" VALUES('golden',1,'golden study','running','run','{"host": "here", "pid": 1234, "started": 1.5}',100.0,30.0,60.0,'2025-01-01T00:00:00+00:00',4,'{"budget_seconds": 60.0, "context": {"system": {"bfloat16": false, "compute_capability": null, "device": "cpu", "gpu_count": 0, "gpu_memory_gib": 0.0, "gpu_name": null, "hostname_hash": "", "memory_gib": 31.0, "paper": [4.0, 8.0, 3.5, 31.0, 0.0], "tflops": null, "version": 1}, "task": {"extra": {"tokens_p99": 61.0}, "kind": "classification", "paper": [100.0, 2.0, 1.0, 0.5, 0.5, 1.0, 80.0, 20.0, 0.25, 0.6], "semantic": null, "version": 1}}, "control": "run", "created_at": "2025-01-01T00:00:00+00:00", "folder": "", "heartbeat": 100.0, "id": "golden", "message": "", "name": "golden study", "owner": {"host": "here", "pid": 1234, "started": 1.5}, "prior": {}, "progress": {"fidelity": 0.5, "loss": null, "number": 1, "peak_memory_gib": null, "phase": "train", "score": null, "seconds": 0.0, "seconds_left": null, "step": 1, "tokens_per_second": null, "total": 2}, "request": {"budget": "30m"}, "spent_seconds": 30.0, "state": "running", "task": {"fingerprint": "ffffffffffffffffffffffffffffffff", "folder": "data", "kind": "classification", "label": "label", "labels": ["bad", "good"], "metric": {"maximize": true, "name": "f1"}, "name": "reviews", "rows": {"train": 80, "validation": 20}, "seed": 0, "text": ["text"]}, "versions": {}}');
CREATE TABLE trials (
	study_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	fidelity FLOAT NOT NULL, 
	score FLOAT, 
	seconds FLOAT, 
	failure VARCHAR(32), 
	body TEXT NOT NULL, 
	PRIMARY KEY (study_id, number), 
	FOREIGN KEY(study_id) REFERENCES studies (id) ON DELETE CASCADE
);
INSERT INTO "trials" VALUES('golden',0,'complete',1.0,0.75,11.0,NULL,'{"checkpoint": false, "config": {"epochs": 2, "method": "full", "model": "tiny"}, "created_at": "", "curve": [{"fidelity": 0.5, "loss": 0.7, "metrics": {"accuracy": 0.65}, "score": 0.6, "seconds": 5.0, "step": 10}, {"fidelity": 1.0, "loss": 0.4, "metrics": {"accuracy": 0.8}, "score": 0.75, "seconds": 11.0, "step": 20}], "expected": {"score": 0.7}, "failure": null, "fidelity": 1.0, "finished_at": "", "maximize": true, "measures": {"energy_kwh": null, "energy_source": "unknown", "peak_memory_gib": null, "seconds_eval": 0.0, "seconds_load": 0.0, "seconds_train": 11.0, "steps": 20, "tokens": 4096}, "number": 0, "reason": "", "seed": 7, "state": "complete", "target": 1.0}');
INSERT INTO "trials" VALUES('golden',1,'paused',0.5,0.6,11.0,NULL,'{"checkpoint": true, "config": {"epochs": 2, "method": "full", "model": "tiny"}, "created_at": "", "curve": [{"fidelity": 0.5, "loss": 0.7, "metrics": {"accuracy": 0.65}, "score": 0.6, "seconds": 5.0, "step": 10}], "expected": {"score": 0.7}, "failure": null, "fidelity": 0.5, "finished_at": "", "maximize": true, "measures": {"energy_kwh": null, "energy_source": "unknown", "peak_memory_gib": null, "seconds_eval": 0.0, "seconds_load": 0.0, "seconds_train": 11.0, "steps": 20, "tokens": 4096}, "number": 1, "reason": "", "seed": 7, "state": "paused", "target": 1.0}');
CREATE INDEX ix_contexts_kind ON contexts (kind);
CREATE INDEX ix_studies_position ON studies (position);
CREATE INDEX ix_studies_name ON studies (name);
CREATE INDEX ix_experiences_study_trial ON experiences (study, trial);
CREATE INDEX ix_experiences_created_at ON experiences (created_at);
CREATE INDEX ix_experiences_task_name ON experiences (task_name);
CREATE INDEX ix_experiences_context_id ON experiences (context_id);
CREATE INDEX ix_experiences_fingerprint ON experiences (fingerprint);
COMMIT;
