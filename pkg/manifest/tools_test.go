package manifest

import (
	"fmt"
	"strings"
	"testing"
)

const (
	mark        = "- rolearn: arn:aws:iam::111122223333:role/MARK\n  username: dev\n"
	inner       = `{"kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"MARK"},"apiVersion":"v1"}`
	nativeL     = `[{"rolearn":"arn:aws:iam::111122223333:role/MARK","username":"dev","groups":["a"]}]` + "\n"
	nativeU     = `[{"userarn":"arn:aws:iam::111122223333:user/u","username":"u"}]` + "\n"
	nativeLists = `
    mapRoles:
    - rolearn: arn:aws:iam::111122223333:role/MARK
      username: dev
      groups: [a]
    mapUsers:
    - {userarn: 'arn:aws:iam::111122223333:user/u', username: u}
    mapAccounts: []
`
)

// TestTools reads what tools keep the map in: each in its own form.
func TestTools(t *testing.T) {
	native := []string{"mapAccounts=[]\n", "mapRoles=" + nativeL, "mapUsers=" + nativeU}
	for _, tt := range []struct {
		name, text string
		// data holds key=text of each document, resources name them.
		data      []string
		resources string
		problems  string
		notes     []string
	}{
		{name: "Cluster API", text: "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nspec:\n  iamAuthenticatorConfig:" + nativeLists, data: native},
		{name: "Cluster API, template", text: "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: AWSManagedControlPlaneTemplate\nspec: {template: {spec: " +
			"{iamAuthenticatorConfig: {mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/MARK', username: dev, groups: [a]}]}}}}\n", data: native[1:2]},
		{name: "Cluster API, without a map", text: "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nspec: {x: mapRoles}\n"},
		{name: "another control plane", text: "apiVersion: controlplane.example/v1\nkind: AWSManagedControlPlane\nspec:\n  iamAuthenticatorConfig:" + nativeLists,
			notes: []string{"iamAuthenticatorConfig in an AWSManagedControlPlane"}},
		{name: "aws-auth-manager", text: "apiVersion: aws.maruina.k8s/v1alpha1\nkind: AWSAuthItem\nspec:" + nativeLists, data: native},
		{name: "EKS Anywhere", text: "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: AWSIamConfig\nspec:\n  mapRoles: |\n    MARK\n  mapUsers:\n  - userarn: x\n",
			data: []string{"mapRoles=MARK\n"}, problems: `6:3 manifest-shape "mapUsers"`},
		{name: "kOps", text: "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  authentication:\n    aws:\n      identityMappings:\n" +
			"      - arn: arn:aws:iam::111122223333:role/MARK\n        username: dev\n        groups: [a]\n      - {arn: 'arn:aws:iam::111122223333:user/u', username: u}\n",
			data: native[1:]},
		{name: "a cluster of another kind", text: "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: Cluster\nspec: {authentication: {aws: {identityMappings: [{arn: x}]}}}\n", notes: []string{"identityMappings in a Cluster"}},
		{name: "one mapping", text: "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nspec: {arn: 'arn:aws:iam::111122223333:role/MARK', username: dev, groups: [a]}\n",
			data: native[1:2]},
		{name: "Crossplane", text: "apiVersion: kubernetes.m.crossplane.io/v1alpha1\nkind: Object\nspec: {forProvider: {manifest: " + inner + "}}\n", data: []string{"mapRoles=MARK"}},
		{name: "Crossplane, all versions in a list", text: "- apiVersion: kubernetes.crossplane.io/v1alpha1\n  kind: Object\n  spec: {forProvider: {manifest: " + inner + "}}\n" +
			"- apiVersion: kubernetes.crossplane.io/v1alpha2\n  kind: Object\n  spec: {forProvider: {manifest: " + inner + "}}\n", data: []string{"mapRoles=MARK", "mapRoles=MARK"}},
		{name: "Crossplane, a composition", text: "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nspec:\n  pipeline:\n  - input:\n      resources:\n      - base:\n" +
			"          apiVersion: kubernetes.crossplane.io/v1alpha2\n          kind: Object\n          spec: {forProvider: {manifest: " + inner + "}}\n", data: []string{"mapRoles=MARK"}},
		{name: "Crossplane, the name of the Object", text: "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: aws-auth}\nspec:\n  forProvider:\n    manifest:\n" +
			"      {kind: ConfigMap, metadata: {namespace: kube-system}, data: {mapRoles: MARK}, apiVersion: v1}\n", data: []string{"mapRoles=MARK"}},
		{name: "Crossplane, another name of the Object", text: "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: x}\nspec:\n  forProvider:\n    manifest:\n" +
			"      {kind: ConfigMap, metadata: {namespace: kube-system}, data: {mapRoles: MARK}, apiVersion: v1}\n", notes: []string{"mapRoles in a ConfigMap (v1)"}},
		{name: "Crossplane, a near name of the Object", text: "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: awsauth}\nspec:\n  forProvider:\n    manifest:\n" +
			"      {kind: ConfigMap, metadata: {namespace: kube-system}, data: {mapRoles: MARK}, apiVersion: v1}\n", data: []string{"mapRoles=MARK"}, problems: `3:18 manifest-shape "awsauth"`},
		{name: "a List of ConfigMaps without kinds", text: `{"kind":"ConfigMapList","apiVersion":"v1","items":[{"metadata":{"name":"other"},"data":{"x":"y"}},{"metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"MARK"}}]}`,
			data: []string{"mapRoles=MARK"}},
		{name: "a replacement in a patch", text: "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n- target: {kind: ConfigMap, name: aws-auth}\n  patch: |\n    - op: add\n      path: /data/mapRoles\n" +
			"      value: |\n        - rolearn: arn:aws:iam::ACCOUNT:role/MARK\n          username: x\nreplacements:\n- source: {kind: ConfigMap, name: c, fieldPath: data.account}\n  targets:\n" +
			"  - select: {kind: ConfigMap, name: aws-auth}\n    fieldPaths: [data.mapRoles]\n    options: {delimiter: ':', index: 5}\n",
			data: []string{"mapRoles=- rolearn: arn:aws:iam::ACCOUNT:role/MARK\n  username: x\n"}, notes: []string{"ACCOUNT (kustomize replaces it by data.account of ConfigMap c)"}},
		{name: "Crossplane, another namespace", text: "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nspec:\n  forProvider:\n    manifest:\n" +
			"      {kind: ConfigMap, metadata: {name: aws-auth, namespace: default}, data: {mapRoles: MARK}, apiVersion: v1}\n", data: []string{"mapRoles=MARK"}, problems: `6:63 manifest-shape "default"`},

		{name: "Pulumi, a stack", text: `{"version":3,"deployment":{"resources":[
  {"urn":"urn:pulumi:a::b::pulumi:pulumi:Stack::b-a","type":"pulumi:pulumi:Stack"},
  {"urn":"urn:pulumi:a::b::eks:index:Cluster$kubernetes:core/v1:ConfigMap::c-nodeAccess","type":"kubernetes:core/v1:ConfigMap","inputs":` + inner + `,"outputs":` + inner + `},
  {"urn":"urn:pulumi:a::b::kubernetes:core/v1:ConfigMapPatch::p","type":"kubernetes:core/v1:ConfigMapPatch","inputs":{"metadata":{"name":"aws-auth","namespace":"kube-system"},
   "data":{"mapRoles":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"x"},"mapUsers":"04da6b54-80e4-46f7-96ec-b56ff0331ba9"}}}]}}`,
			data: []string{"mapRoles=MARK"}, resources: "kubernetes:core/v1:ConfigMap::c-nodeAccess",
			notes: []string{"mapRoles of kubernetes:core/v1:ConfigMapPatch::p is a secret of Pulumi", "mapUsers of kubernetes:core/v1:ConfigMapPatch::p is known only after"}},

		{name: "Pulumi, a program", text: "name: x\nruntime: yaml\nresources:\n  auth:\n    type: kubernetes:core/v1:ConfigMap\n    properties:\n" +
			"      metadata: {name: aws-auth, namespace: kube-system}\n      data:\n        mapRoles: |\n          - rolearn: ${role.arn}\n            username: MARK\n",
			data: []string{"mapRoles=- rolearn: ${role.arn}\n  username: MARK\n"}, resources: "kubernetes:core/v1:ConfigMap::auth", notes: []string{"${role.arn}"}},
		{name: "a release, one by one", text: `{"version":4,"terraform_version":"1","lineage":"x","resources":[{"mode":"managed","type":"helm_release","name":"x","instances":[{"index_key":"a","attributes":{
  "set":[{"name":"auth.mapRoles[1].rolearn","value":"b"},{"name":"auth.mapRoles[0].rolearn","value":"MARK"},{"name":"auth.mapRoles[0].groups[0]","value":"g"},
   {"name":"auth.mapRoles[0].groups[1]","value":"h"},{"name":"mapUsers","value":"[]"},{"name":"image.tag","value":"x"}],
  "set_list":[{"name":"mapAccounts","value":["111122223333"]}]}}]}]}`,
			data: []string{"mapAccounts=[\"111122223333\"]\n", "mapUsers=[]", "mapRoles=[{\"rolearn\":\"MARK\",\"groups\":[\"g\",\"h\"]},\n{\"rolearn\":\"b\"}]\n"}, resources: `helm_release.x["a"],helm_release.x["a"]`},
		{name: "a release whose values are put together", text: `{"format_version":"1.2","terraform_version":"1.9.8","values":{"root_module":{"resources":[{"address":"r","type":"helm_release","values":{
  "values":["mapRoles:\n- {rolearn: MARK, username: a}\n- {rolearn: b}\nmapUsers: x\n","mapUsers: null\nauth: {mapAccounts: ['1']}\n"],
  "set":[{"name":"mapRoles[1].groups","value":"{g, h}"},{"name":"mapRoles[0].username","value":"c"},{"name":"auth.mapAccounts[0]","value":"2"}]}}]}}}`,
			data: []string{"mapRoles=[{\"rolearn\":\"MARK\",\"username\":\"c\"},\n{\"rolearn\":\"b\",\"groups\":[\"g\",\"h\"]}]\n", "mapAccounts=[\"2\"]\n"}, resources: "r,r"},
		{name: "manifests in values", text: "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {namespace: kube-system}\nspec:\n  values:\n    extraObjects:\n    - {kind: ConfigMap, metadata: {name: aws-auth}, data: {mapRoles: MARK}, apiVersion: v1}\n" +
			"    - |\n      kind: ConfigMap\n      metadata: {name: aws-auth, namespace: default}\n      data: {mapRoles: MARK2}\n      apiVersion: v1\n",
			data: []string{"mapRoles=MARK", "mapRoles=MARK2"}, problems: `10:45 manifest-shape "default"`},
		{name: "a patch of an item", text: "- op: add\n  path: /data/mapRoles/-\n  value: {rolearn: x, username: x}\n", problems: `2:9 manifest-shape "/data/mapRoles/-"`},
		{name: "a manifest in values", text: "extra:\n- |\n  kind: ConfigMap\n  metadata: {name: aws-auth, namespace: kube-system}\n  data: {mapRoles: MARK}\n  apiVersion: v1\n", data: []string{"mapRoles=MARK"}},
		{name: "a script in a list", text: "run:\n- |\n  kubectl apply -f - <<E\n  kind: ConfigMap\n  metadata: {name: aws-auth}\n  data: {mapRoles: x}\n  E\n", notes: []string{"mapRoles in a file"}},
		{name: "a create without a name", text: `{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"create","objectRef":{"resource":"configmaps","namespace":"kube-system"},"requestObject":{"kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"MARK"}}}`,
			data: []string{"mapRoles=MARK"}},
		{name: "a field of aws-auth in another tool", text: "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec: {authentication: {aws: {identityMappings: [{ARN: MARK, Groups: [g]}]}}}\n",
			data: []string{"mapRoles=[{\"rolearn\":\"MARK\",\"groups\":[\"g\"]}]\n"}, problems: `3:51 manifest-shape "ARN"` + "\n" + `3:62 manifest-shape "Groups"`},
		{name: "the name of aws-auth in eksctl", text: "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\niamIdentityMappings: [{rolearn: MARK}]\n",
			data: []string{"mapRoles=[{\"rolearn\":\"MARK\"}]\n"}, problems: `3:24 manifest-shape "rolearn"`},
		{name: "an export of CloudWatch Logs", text: `[{"@timestamp":"x","@message":"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"verb\":\"patch\",\"objectRef\":{\"resource\":\"configmaps\",\"namespace\":\"kube-system\",\"name\":\"aws-auth\"},\"requestObject\":{\"data\":{\"mapRoles\":\"MARK\"}}}"}]`,
			data: []string{"mapRoles=MARK"}},
		{name: "a record of Elasticsearch", text: `{"_source":{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"update","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"},"requestObject":{"kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"MARK"}},"responseObject":{"kind":"ConfigMap","metadata":{"name":"aws-auth"},"data":{"mapRoles":"MARK"}}}}`,
			data: []string{"mapRoles=MARK"}},
		{name: "requests that change nothing", text: `{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"},"responseObject":{"kind":"ConfigMap","metadata":{"name":"aws-auth"},"data":{"mapRoles":"x"}}}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"update","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"},"responseStatus":{"code":422},"requestObject":{"kind":"ConfigMap","metadata":{"name":"aws-auth"},"data":{"mapRoles":"x"}}}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"delete","requestURI":"/x?dryRun=All","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"}}`,
			notes: []string{"was answered with 422", "was a dry run"}},
		{name: "a name that is filled in", text: "kind: ConfigMap\nmetadata: {name: \"${NAME}\", namespace: \"${NS}\"}\ndata: {mapRoles: MARK}\napiVersion: v1\n", data: []string{"mapRoles=MARK"},
			notes: []string{"the name ${NAME} is filled in", "the namespace ${NS} is filled in"}},
		{name: "data in metadata", text: "kind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n  data: {mapRoles: x}\n", problems: `5:3 manifest-shape "data"`},
		{name: "data beside metadata's", text: "kind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\n  data:\n  mapRoles: x\n", problems: `5:3 manifest-shape "data"`},
		{name: "names of other tools", text: "x: {map_roles: [{arn: a}]}\n", notes: []string{"map_roles in a file"}},
		{name: "variables of other tools", text: "x: {map_roles: [{rolearn: MARK}, {arn: a}]}\n", data: []string{"mapRoles=[{\"rolearn\":\"MARK\"},\n{\"rolearn\":\"a\"}]\n"}, notes: []string{"the ARN stands under arn"}},
		{name: "a list of eksctl that is filled in", text: "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\niamIdentityMappings: ${X}\n", notes: []string{"iamIdentityMappings is filled in by another tool (${X})"}},
		{name: "a list of kOps that is none", text: "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec: {authentication: {aws: {identityMappings: x}}}\n", problems: `3:49 manifest-shape "x"`},
		{name: "a list of Cluster API that is filled in", text: "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nspec:\n  iamAuthenticatorConfig: ${X}\n", notes: []string{"iamAuthenticatorConfig is filled in"}},
		{name: "lists of Cluster API that are filled in", text: "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nspec:\n  iamAuthenticatorConfig: {mapRoles: \"${X}\", mapUsers: [{userarn: MARK}]}\n",
			data: []string{"mapUsers=[{\"userarn\":\"MARK\"}]\n"}, notes: []string{"mapRoles is filled in"}},
		{name: "the kind in another case", text: "apiVersion: v1\nkind: Configmap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\n", data: []string{"mapRoles=MARK"}, problems: `2:7 manifest-shape "Configmap"`},
		{name: "a Secret", text: "apiVersion: v1\nkind: Secret\nmetadata: {name: aws-auth, namespace: kube-system}\nstringData: {mapRoles: x}\n", problems: `2:7 manifest-shape "Secret"`},
		{name: "another version", text: "apiVersion: apps/v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: MARK}\n", data: []string{"mapRoles=MARK"}, problems: `1:13 manifest-shape "apps/v1"`},
		{name: "another name", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws_auth, namespace: kube-system}\ndata: {mapRoles: MARK}\n", data: []string{"mapRoles=MARK"}, problems: `3:18 manifest-shape "aws_auth"`},
		{name: "parameters of Argo CD", text: "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {values: \"mapRoles: [{username: a}]\", parameters: [{name: \"mapRoles[0].rolearn\", value: MARK}]}}}\n",
			data: []string{"mapRoles=[{\"username\":\"a\",\"rolearn\":\"MARK\"}]\n"}},
		{name: "parameters of Argo CD over files", text: "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {valueFiles: [a.yaml], values: \"mapRoles: [{rolearn: MARK, username: a}]\", parameters: [{name: \"mapUsers[0].userarn\", value: x}]}}}\n",
			data: []string{"mapRoles=[{\"rolearn\":\"MARK\",\"username\":\"a\"}]\n"}, notes: []string{"mapUsers[0].userarn is set over value files"}},
		{name: "values of Flux from elsewhere", text: "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\nspec:\n  valuesFrom:\n  - {kind: ConfigMap, name: aws-auth-values}\n  - {kind: Secret, name: s, targetPath: 'x.mapRoles'}\n  - {kind: Secret, name: other}\n",
			notes: []string{"values come from the ConfigMap aws-auth-values", "values come from the Secret s"}},
		{name: "values of a release of aws-auth from elsewhere", text: "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: aws-auth}\nspec:\n  valuesFrom: [{kind: ConfigMap, name: v}]\n", notes: []string{"values come from the ConfigMap v"}},
		{name: "values in a ConfigMap", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata:\n  values.yaml: |\n    x:\n      mapRoles: [{rolearn: MARK}]\n", data: []string{"mapRoles=[{\"rolearn\":\"MARK\"}]\n"}},
		{name: "values in a ConfigMap by another name", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata:\n  prod-values.yml: 'mapRoles: \"- rolearn: MARK\"'\n", data: []string{"mapRoles=- rolearn: MARK"}},
		{name: "values in a ConfigMap under no such name", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata:\n  revalues.yaml: |\n    mapRoles: [{rolearn: x}]\n", notes: []string{"mapRoles in a ConfigMap (v1)"}},
		{name: "values in a ConfigMap that are broken", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata:\n  values.yaml: |\n    mapRoles: [{{ .x }}\n", notes: []string{"a Helm or Go template"}},
		{name: "other values in a ConfigMap", text: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth-v}\ndata:\n  values.yaml: |\n    x: [y]\n"},
		{name: "Helmfile", text: "releases:\n- values:\n  - mapRoles: [{rolearn: MARK}]\n  set: [{name: 'mapRoles[0].username', value: x}]\n", data: []string{"mapRoles=[{\"rolearn\":\"MARK\"}]\n"}, notes: []string{"mapRoles[0].username in a file"}},
		{name: "a log without bodies", text: `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","verb":"update","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"}}`,
			notes: []string{"a request to update aws-auth is in the log without its body"}},
		{name: "the beginning of a request", text: `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","stage":"RequestReceived","verb":"update","objectRef":{"resource":"configmaps","namespace":"kube-system","name":"aws-auth"}}`},
		{name: "defaults of Flux", text: "kind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - rolearn: ${role_arn:=x}\n      username: MARK\napiVersion: v1\n",
			data: []string{"mapRoles=- rolearn: ${role_arn:=x}\n  username: MARK\n"}, notes: []string{"${role_arn:=x}; the rest was; render it and check again (`envsubst < FILE"}},
		{name: "a chart's values", text: `{"Resources":{"C":{"Type":"Custom::AWSCDK-EKS-HelmChart","Properties":{"Values":"{\"auth\":{\"mapRoles\":[{\"rolearn\":\"MARK\"}],\"mapUsers\":\"[]\",\"mapAccounts\":[],\"x\":1}}"}}}}`,
			data: []string{"mapRoles=[{\"rolearn\":\"MARK\"}]\n", "mapUsers=[]"}, resources: "C"},
		{name: "a field in another case", text: "apiVersion: aws.maruina.k8s/v1alpha1\nkind: AWSAuthItem\nspec:\n  mapRoles:\n  - roleARN: MARK\n    username: x\n",
			data: []string{"mapRoles=[{\"rolearn\":\"MARK\",\"username\":\"x\"}]\n"}, problems: `5:5 manifest-shape "roleARN"`},
		{name: "AWSQS", text: `Resources:
  Auth:
    Type: AWSQS::Kubernetes::Resource
    Properties:
      Namespace: kube-system
      Manifest: |
        kind: ConfigMap
        metadata: {name: aws-auth}
        data:
          mapRoles: |
            - rolearn: !Sub MARK
`, data: []string{"mapRoles=- rolearn: !Sub MARK\n"}, resources: "Auth"},
		{name: "AWSQS, another namespace", text: "Resources:\n  Auth:\n    Type: AWSQS::Kubernetes::Resource\n    Properties:\n      Manifest: 'kind: ConfigMap\n\n        metadata: {name: aws-auth}\n\n        data: {mapRoles: MARK}'\n",
			data: []string{"mapRoles=MARK"}, resources: "Auth", problems: `7:26 manifest-shape "aws-auth"`},
		{name: "an object in a template", text: `Resources:
  Auth:
    Type: AWSQS::Kubernetes::Resource
    Properties:
      Manifest:
        Fn::ToJsonString:
          kind: ConfigMap
          metadata: {name: aws-auth, namespace: kube-system}
          data:
            mapRoles: !Sub
            - "${Arn}-${MARK}-${!x}"
            - {Arn: MARK, MARK: !Ref x}
            mapUsers:
              Fn::Join: [",", [a, !GetAtt b.c]]
`, data: []string{"mapRoles=MARK-${MARK}-${x}", "mapUsers=a,${b.c}"}, resources: "Auth", notes: []string{"${MARK}, ${b.c}"}},
		{name: "a patch", text: `{"Resources":{"P":{"Type":"Custom::AWSCDK-EKS-KubernetesPatch","Properties":{"ResourceName":"ConfigMap/aws-auth","ResourceNamespace":"kube-system",
  "ApplyPatchJson":{"Fn::Join":["",["{\"data\":{\"mapRoles\":\"arn:",{"Ref":"AWS::Partition"},":iam::MARK\"}}"]]},"RestorePatchJson":"{\"data\":{\"mapRoles\":\"old\"}}"}}}}`,
			data: []string{"mapRoles=arn:${AWS::Partition}:iam::MARK", "mapRoles=old"}, resources: "P,P", notes: []string{"${AWS::Partition}"}},
		{name: "a patch of something else", text: `{"Resources":{"P":{"Type":"Custom::AWSCDK-EKS-KubernetesPatch","Properties":{"ResourceName":"deployment/aws-auth","ApplyPatchJson":"{\"data\":{\"mapRoles\":\"x\"}}"}}}}`,
			notes: []string{"mapRoles in a CloudFormation template"}},
		{name: "a patch in another namespace", text: `{"Resources":{"P":{"Type":"Custom::AWSCDK-EKS-KubernetesPatch","Properties":{"ResourceName":"configmap/aws-auth","ApplyPatchJson":"{\"data\":{\"mapRoles\":\"x\"}}"}}}}`,
			data: []string{"mapRoles=x"}, resources: "P", problems: `1:93 manifest-shape "\"configmap/aws-auth\""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Scan("x", tt.text)
			var got, resources []string
			for _, d := range f.Documents {
				for _, key := range []string{"mapAccounts", "mapRoles", "mapUsers"} {
					if text, ok := d.Data[key]; ok {
						got = append(got, key+"="+text)
						for i := range text {
							checkSpan(t, f.Text, d.Span(key, Span{Start: i, End: i + 1}))
						}
						if at := strings.Index(text, "MARK"); at >= 0 {
							s := d.Span(key, Span{Start: at, End: at + len("MARK")})
							if !strings.Contains(f.Text[s.Start:s.End], "MARK") {
								t.Errorf("%s: MARK is said to stand at %q", key, f.Text[s.Start:s.End])
							}
						}
					}
				}
				if d.Resource != "" {
					resources = append(resources, d.Resource)
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.data) {
				t.Errorf("data\n%q, want\n%q", got, tt.data)
			}
			if got := strings.Join(resources, ","); got != tt.resources {
				t.Errorf("resources %s, want %s", got, tt.resources)
			}
			if got := problems(f); got != tt.problems {
				t.Errorf("problems: %s, want %s", got, tt.problems)
			}
			checkNotes(t, f, tt.notes)
		})
	}
}

// TestNative_edits: what stands in a list byte by byte is edited there, and nothing else.
func TestNative_edits(t *testing.T) {
	f := Read("x", "apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nspec:\n  iamAuthenticatorConfig:"+nativeLists)
	d := f.Documents[0]
	at := strings.Index(d.Data["mapRoles"], "MARK")
	next, err := f.Make([]Change{{Document: d, Key: "mapRoles", Edits: []Edit{{Start: at, End: at + 4, New: "x"}}}})
	if err != nil || next.Text != strings.Replace(f.Text, "MARK", "x", 1) {
		t.Errorf("%v", err)
	}
	for name, e := range map[string]Edit{
		"a bracket": {Start: 0, End: 1, New: "x"}, "a field and its value": {Start: 2, End: at + 1, New: "x"}, "a quote": {Start: at, End: at + 1, New: `"`}, "another line": {Start: at, End: at, New: "\n"},
	} {
		if _, err := f.Make([]Change{{Document: d, Key: "mapRoles", Edits: []Edit{e}}}); err == nil {
			t.Errorf("an edit of %s is made", name)
		}
	}
}
