deploy-job:
	-gcloud run jobs deploy nightly --image=gcr.io/p/nightly --set-env-vars=A=1
	@echo deployed

deploy-hook:
	gcloud run deploy hook --source=.; echo done
