# The same job as train.cpp with pandas and scikit-learn: needs fraud.csv, writes fraud.joblib.
import json

import joblib
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.metrics import average_precision_score, precision_recall_curve, precision_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

table = pd.read_csv("fraud.csv")
when, t = pd.to_datetime(table["when"]), (table["class"] == "fraud").astype(int)
x = table.drop(columns=["id", "when", "class"]).assign(hour=when.dt.hour, weekday=when.dt.day_of_week)
x_rest, x_test, t_rest, t_test = train_test_split(x, t, test_size=0.2, stratify=t, random_state=1)
x_train, x_valid, t_train, t_valid = train_test_split(x_rest, t_rest, test_size=0.25, stratify=t_rest,
                                                      random_state=1)
numbers = make_pipeline(SimpleImputer(strategy="median"), FunctionTransformer(np.log1p), StandardScaler())
columns = make_column_transformer(
    (numbers, make_column_selector(dtype_include="number")),
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")))
model = make_pipeline(columns, MLPClassifier((32,), batch_size=256, max_iter=20, random_state=1))
model.fit(x_train, t_train)
model = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid").fit(x_valid, t_valid)
precision, recall, thresholds = precision_recall_curve(t_valid, model.predict_proba(x_valid)[:, 1])
threshold = thresholds[np.argmax(np.where(recall[:-1] >= 0.9, precision[:-1], -1))]
joblib.dump({"model": model, "threshold": threshold, "columns": list(x.columns)}, "fraud.joblib")
p = model.predict_proba(x_test)[:, 1]
print(json.dumps({"average_precision": average_precision_score(t_test, p),
                  "recall": recall_score(t_test, p >= threshold),
                  "precision": precision_score(t_test, p >= threshold)}, indent=2))
