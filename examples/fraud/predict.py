# The same job as predict.cpp with pandas and scikit-learn: needs tomorrow.csv and fraud.joblib.
import joblib
import pandas as pd

saved = joblib.load("fraud.joblib")
table = pd.read_csv("tomorrow.csv")
when = pd.to_datetime(table["when"])
x = table.assign(hour=when.dt.hour, weekday=when.dt.day_of_week).reindex(columns=saved["columns"])
p = saved["model"].predict_proba(x)[:, 1]
decision = pd.Series(p >= saved["threshold"]).map({True: "fraud", False: "legit"})
pd.DataFrame({"id": table["id"], "decision": decision, "probability_fraud": p}).to_csv("decisions.csv", index=False)
